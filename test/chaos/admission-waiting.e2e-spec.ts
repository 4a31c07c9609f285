import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ollama } from '../support/ollama-script.js';
import { changes } from '../support/metric-lines.js';
import { REQUEST_FORMS, type RequestForm } from '../support/request-forms.js';
import { FullBackend } from '../support/full-backend.js';
import { within } from '../support/within.js';

const [get] = REQUEST_FORMS as readonly [RequestForm];
const streamingForms = REQUEST_FORMS.filter(({ streaming }) => streaming);

describe('a request that waits for room', () => {
  let full: FullBackend;
  beforeEach(async () => {
    full = await FullBackend.start({
      streams: { heartbeatMs: 20, commitAfterMs: 20 },
      models: [
        { id: 'gpt-only', targets: ['openai/gpt'] },
        { id: 'impatient', targets: ['openai/gpt'], streams: { firstTokenMs: 300 } },
      ],
    });
  });
  afterEach(() => full.close());

  it.each(REQUEST_FORMS)(
    'leaves the queue when its caller leaves, and the upstream never hears of it ($name)',
    async (form) => {
      const changed = await changes(full.gateway, async () => {
        const { caller } = await full.queue(form.ask('gpt-only', 'second'));
        caller.leave();
        await full.gateway.ended();
      });
      const record = await full.gateway.ended();
      expect(record).toMatchObject({ endReason: 'client_closed', attempts: [] });
      expect(record).not.toHaveProperty('fault');
      expect(changed).toEqual({
        [`llm_streams_total{caller="anonymous",model="gpt-only",backend="none",dialect="${form.dialect}",end_reason="client_closed"}`]: 1,
        'llm_stream_duration_seconds_count{model="gpt-only",end_reason="client_closed"}': 1,
        'llm_queue_wait_seconds_count{model="gpt-only"}': 1,
      });
      const { response } = await full.queue(form.ask('gpt-only', 'third'));
      await full.upstream.letGo(0);
      await full.upstream.letGo(1);
      expect(await within(response.rest(), 'the answer')).toContain('answer to third.');
      expect(full.upstream.messages).toEqual(['first', 'third']);
    },
  );

  it.each(streamingForms)(
    'gets heartbeats meanwhile, and its answer then ($name)',
    async (form) => {
      const { response } = await full.send(form.ask('gpt-only', 'second'));
      // More of them than fit into firstTokenMs: the wait does not count against that.
      const beats = ': heartbeat\n\n'.repeat(20);
      await within(response.readUntil(beats.slice(0, 1)), 'the stream begins');
      while (response.text.split(': heartbeat\n').length <= 20) {
        expect((await response.read(1)).length).toBe(1);
      }
      expect(full.upstream.messages).toEqual(['first']);
      await full.upstream.letGo(0);
      await full.upstream.letGo(1);
      expect(await within(response.rest(), 'the answer')).toContain('answer to second.');
      expect(response.cleanEnd).toBe(true);
      const record = await full.gateway.ended(1);
      expect(record).toMatchObject({ endReason: 'completed' });
      expect(record['queuedMs']).toBeGreaterThan(290);
      // The first one did not wait.
      expect(await full.gateway.ended(0)).not.toHaveProperty('queuedMs');
    },
  );

  it('does not hold up requests for another backend', async () => {
    await full.close();
    full = await FullBackend.start({ limits: { streams: 3, queue: { size: 20 } } });
    full.gateway.ollama.script(ollama.streamsText(['Hello']));
    for (let n = 0; n < 20; n += 1) await full.queue({ path: `/chat/gpt-only?message=${n}` });
    const { response } = await full.send({ path: '/chat/llama3?message=Hi' });
    expect(await within(response.rest(), 'the answer')).toContain('event: done');
  });

  it('takes turns with requests of other callers, however many one caller has', async () => {
    const [busy, other] = ['127.0.0.1', '127.0.0.2'];
    for (const message of ['a1', 'a2', 'a3']) await full.queue(get.ask('gpt-only', message), busy);
    for (const message of ['b1', 'b2']) await full.queue(get.ask('gpt-only', message), other);
    await full.queue(get.ask('gpt-only', 'a4'), busy);
    for (const n of [0, 1, 2, 3, 4, 5, 6]) {
      await within(full.upstream.letGo(n), `request ${n}`);
    }
    expect(full.upstream.messages).toEqual(['first', 'a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
  });
});

describe('a request whose first target is full', () => {
  let full: FullBackend;
  beforeEach(async () => {
    full = await FullBackend.start({ room: { openai: 1, ollama: 1 } });
  });
  afterEach(() => full.close());

  it.each(REQUEST_FORMS)('goes to the next one that has room, at once ($name)', async (form) => {
    full.gateway.ollama.script(
      form.streaming ? ollama.streamsText(['Hello']) : ollama.answersText('Hello'),
    );
    const { response } = await full.send(form.ask('gpt-4o'));
    expect(await within(response.rest(), 'the answer')).toContain('Hello');
    const record = await full.gateway.ended();
    expect(record).toMatchObject({ endReason: 'completed', target: 'ollama/llama3' });
    // Nobody failed: the full one was not asked.
    expect(record['attempts']).toMatchObject([{ target: 'ollama/llama3', outcome: 'ok' }]);
    expect(record).not.toHaveProperty('queuedMs');
  });

  it('waits when the next one is full too, and goes where there is room first', async () => {
    const step = ollama.stepper();
    full.gateway.ollama.script(step.script, ollama.streamsText(['Hello']));
    await full.send({ path: '/chat/gpt-4o?message=second' });
    await full.gateway.ollama.request(0);
    const { response } = await full.queue({ path: '/chat/gpt-4o?message=third' });
    await step.next('!');
    await step.finish();
    expect(await within(response.rest(), 'the answer')).toContain('Hello');
    expect(full.upstream.messages).toEqual(['first']);
  });
});
