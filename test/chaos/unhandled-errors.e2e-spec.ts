import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { headOf } from '../support/body-forms.js';
import { ConfigFile } from '../support/config-file.js';
import { ollama } from '../support/ollama-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SlowCaller } from '../support/slow-caller.js';
import { SluiceProcess } from '../support/sluice-process.js';
import { SseReader } from '../support/sse-reader.js';
import { within } from '../support/within.js';

const MB = 1024 * 1024;
const PRELOAD = join(import.meta.dirname, '../support/unhandled-errors.preload.ts');
const IN_A_STREAM = [
  'subscriber',
  'timer',
  'immediate',
  'tick',
  'microtask',
  'rejection',
  'async',
  'emitter',
  'text',
];
const messages = [{ role: 'user', content: 'Hi' }];

describe('An error that nobody catches', () => {
  const places = [...IN_A_STREAM, 'headers', 'outside'];
  const upstreams = new Map<string, ScriptedUpstream>();
  let config: ConfigFile;
  let sluice: SluiceProcess;
  let url: string;
  beforeAll(async () => {
    for (const place of [...places, 'nowhere'])
      upstreams.set(place, await ScriptedUpstream.start());
    config = await ConfigFile.write({
      backends: [...upstreams].map(([id, upstream]) => ({
        id,
        kind: 'ollama',
        baseUrl: `${upstream.url}/stray/${id}`,
      })),
      models: [...upstreams.keys()].map((id) => ({ id, targets: [`${id}/llama3`] })),
    });
    sluice = SluiceProcess.spawn({
      PORT: '0',
      SLUICE_CONFIG: config.path,
      NODE_OPTIONS: `--import=${PRELOAD}`,
    });
    url = await sluice.listening();
  });
  afterAll(async () => {
    await sluice.kill();
    for (const upstream of upstreams.values()) await upstream.close();
    await config.remove();
  });

  // Another caller's stream, over everything that happens.
  let beside: SseReader;
  let besideStep: ReturnType<typeof ollama.stepper>;
  beforeEach(async () => {
    besideStep = ollama.stepper();
    upstreams.get('nowhere')!.script(besideStep.script);
    const responding = fetch(`${url}/chat/nowhere?message=Hi`);
    await besideStep.next('one');
    beside = new SseReader(await responding);
    await beside.nextEvent();
  });
  afterEach(async () => {
    await besideStep.next('two');
    await besideStep.finish();
    await beside.all();
    expect(beside.raw).toContain('event: done');
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(sluice.output).not.toContain('secret-of-the-caller');
  });

  const post = (model: string, stream: boolean): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream, messages }),
    });

  /** An answer goes well before, so that the connection is one that another request was made for. */
  async function usedConnection(model: string): Promise<void> {
    upstreams.get(model)!.script(ollama.streamsText(['well']));
    expect(await (await post(model, true)).text()).toContain('[DONE]');
  }

  it.each(IN_A_STREAM)('ends the one chat that it happened in: %s', async (place) => {
    await usedConnection(place);
    const step = ollama.stepper();
    upstreams.get(place)!.script(step.script);
    const responding = fetch(`${url}/chat/${place}?message=Hi`);
    await step.next('one');
    const reader = new SseReader(await responding);
    await reader.nextEvent();
    await step.next('stray');
    const rest = await within(reader.all(), 'the stream ends');
    expect(rest.at(-1)).toMatchObject({ event: 'failed' });
    expect(JSON.parse(rest.at(-1)!.data!)).toMatchObject({
      code: 'internal',
      attempts: [{ backend: place, fault: 'internal' }],
    });
    expect(reader.ended).toBe('clean');
    await within(upstreams.get(place)!.left(1), 'the upstream is left');
    expect(sluice.output).toContain('"endReason":"internal_error"');
  });

  it.each(IN_A_STREAM)('ends the one Chat Completion that it happened in: %s', async (place) => {
    await usedConnection(place);
    const step = ollama.stepper();
    upstreams.get(place)!.script(step.script);
    const responding = post(place, true);
    await step.next('one');
    const reader = new SseReader(await responding);
    await reader.nextEvent();
    await step.next('stray');
    const rest = await within(reader.all(), 'the stream ends');
    expect(JSON.parse(rest.at(-1)!.data!)).toMatchObject({
      error: { code: 'internal_error', attempts: [{ backend: place, fault: 'internal' }] },
    });
    expect(reader.ended).toBe('cut');
    // The record is whole when it is logged: the attempt that ran is in it.
    const lines = sluice.output.split('\n').filter((line) => line.includes('internal_error'));
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ attempts: [{ outcome: 'cancelled' }] });
  });

  it.each(['timer', 'rejection'])('is a 500 to who waits for a whole answer: %s', async (place) => {
    upstreams.get(place)!.script(async (exchange) => {
      exchange.open('application/json');
      await exchange.write('{"message":{"content":"stray');
    });
    const response = await within(post(place, false), 'the answer');
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      error: { code: 'internal_error', attempts: [{ backend: place, fault: 'internal' }] },
    });
  });

  it('is a 500 before the first content', async () => {
    upstreams.get('headers')!.script(ollama.stallsAfter([]));
    const response = await within(post('headers', true), 'the answer');
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { code: 'internal_error' } });
  });

  it('is a 500 that can be read while the body is on its way', async () => {
    const caller = await SlowCaller.connect(url);
    const head = headOf('/chat', { 'content-length': 8 * MB, 'x-stray': 'timer' });
    const response = caller.write(head + 'x'.repeat(4 * MB));
    await within(response.head(), 'the answer begins');
    caller.write('x'.repeat(4 * MB));
    expect(await within(response.rest(), 'the answer')).toContain('"internal_error"');
    const { status, headers } = await response.head();
    expect([status, headers['connection']]).toEqual([500, 'close']);
    expect(response.cleanEnd).toBe(true);
  });

  it('is a 500 in the shape of the path that was asked for', async () => {
    const response = await fetch(`${url}/api/tags`, { headers: { 'x-stray': 'tick' } });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ error: expect.any(String) as string });
  });

  it('ends nothing when it happened in no stream', async () => {
    upstreams.get('outside')!.script(ollama.streamsText(['stray']));
    expect(await (await post('outside', true)).text()).toContain('[DONE]');
    await expect
      .poll(() => sluice.output)
      .toContain('"message":"unhandled error","context":"Unhandled"');
  });
});
