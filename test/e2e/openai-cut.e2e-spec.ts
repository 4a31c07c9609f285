import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completionIn, readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { messageLine, ndjson, ollama } from '../support/ollama-script.js';
import { contentChunk, openAi, sse } from '../support/openai-script.js';
import { type CallerResponse, SlowCaller } from '../support/slow-caller.js';
import type { Stepper } from '../support/stepper.js';
import { CallerLeft } from '../support/upstream-exchange.js';
import { within } from '../support/within.js';

interface Pieces {
  /** The first half of an event. */
  readonly half: string;
  /** What a server says when it has nothing to say. */
  readonly ping: string;
}
const KINDS = [
  [
    'openai',
    openAi,
    {
      half: 'data: {"id":"chatcmpl-1","choices":[{"index":0,"del',
      ping: `: ping\n\n${sse(contentChunk(''))}`,
    },
  ],
  [
    'ollama',
    ollama,
    { half: '{"model":"m","message":{"role":"assis', ping: ndjson(messageLine({ content: '' })) },
  ],
] as const;

type Break = readonly [
  how: string,
  code: string,
  /** What is said last; it has to arrive. */
  lastToken: string,
  end: (step: Stepper, pieces: Pieces) => Promise<void>,
];
const BREAKS: readonly Break[] = [
  ['ends its body without a finish reason', 'upstream_cut', 'lo', (step) => step.eof()],
  ['closes the connection', 'upstream_cut', 'lo', (step) => step.cut()],
  ['resets the connection', 'upstream_cut', '', (step) => step.reset()],
  ['falls silent for idleMs', 'idle_timeout', '', async () => {}],
  ['only sends pings for idleMs', 'idle_timeout', '', pingsUntilLeft],
  ['says in the stream that it failed', 'upstream_unavailable', 'lo', (step) => step.error('boom')],
  [
    'breaks off within an event',
    'upstream_cut',
    'lo',
    async (step, { half }) => {
      await step.send(half);
      await step.eof();
    },
  ],
];

async function pingsUntilLeft(step: Stepper, { ping }: Pieces): Promise<void> {
  try {
    for (;;) {
      await step.send(ping);
      await nextTurn();
    }
  } catch (error) {
    if (!(error instanceof CallerLeft)) throw error;
  }
}

describe('a stream that breaks in the middle', () => {
  let gateway: Gateway;
  let caller: SlowCaller;
  beforeEach(async () => {
    gateway = await Gateway.start({
      models: ['openai', 'ollama'].flatMap((backend) => [
        // Another target is there, and must not be asked.
        { id: backend, targets: [`${backend}/m`, 'openai/n'] },
        { id: `${backend}-hasty`, targets: [`${backend}/m`], streams: { idleMs: 50 } },
        { id: `${backend}-short`, targets: [`${backend}/m`], streams: { totalMs: 500 } },
      ]),
    });
    caller = await SlowCaller.connect(gateway.url);
  });
  afterEach(async () => {
    caller.leave();
    await gateway.close();
  });

  function send(model: string): CallerResponse {
    return caller.send({
      path: '/v1/chat/completions',
      headers: { 'x-request-id': 'mine' },
      body: { model, stream: true, messages: [{ role: 'user', content: 'Hi' }] },
    });
  }

  async function expectCut(response: CallerResponse, text: string, code: string): Promise<void> {
    const completion = await completionIn(await within(response.rest(), 'the response ends'));
    expect(completion.text).toBe(text);
    expect(completion.error).toEqual({
      message: expect.stringMatching(/^[A-Z].*\.$/),
      type: 'server_error',
      code,
      param: null,
      requestId: 'mine',
      attempts: [{ backend: expect.stringMatching(/^(openai|ollama)$/) as string, fault: code }],
    });
    expect(response.text).not.toContain('[DONE]');
    expect(response.text).not.toContain('event:');
    expect(response.text).not.toContain('boom');
    // Neither the final zero-length chunk nor another request on this connection.
    expect(response.cleanEnd).toBe(false);
    await within(caller.closed, 'the connection is closed');
  }

  for (const [backend, scripts, pieces] of KINDS) {
    it.each(BREAKS)(
      `brings the last token and an error frame when ${backend} %s`,
      async (_, code, lastToken, end) => {
        const step = scripts.stepper();
        gateway[backend].script(step.script);
        const response = send(code === 'idle_timeout' ? `${backend}-hasty` : backend);
        await step.next('Hel');
        expect((await response.head()).status).toBe(200);
        expect(await response.readUntil('Hel')).toBe(true);
        if (lastToken !== '') await step.next(lastToken);
        await end(step, pieces);
        await expectCut(response, `Hel${lastToken}`, code);
        expect(await gateway.ended()).toMatchObject({
          endReason: code === 'upstream_unavailable' ? 'upstream_error' : code,
          fault: code,
          attempts: [{ outcome: code, target: `${backend}/m` }],
        });
        expect(gateway.openai.requests.length + gateway.ollama.requests.length).toBe(1);
        if (code === 'idle_timeout') await gateway[backend].left(0);
      },
    );

    it(`is cut in the same way after a good answer of ${backend} over the same connection`, async () => {
      const step = scripts.stepper();
      gateway[backend].script(scripts.streamsText(['fine']), step.script);
      const good = send(backend);
      expect(await good.rest()).toContain('data: [DONE]\n\n');
      expect(good.cleanEnd).toBe(true);
      const cut = send(backend);
      await step.next('Hel');
      await step.next('lo');
      await step.cut();
      await expectCut(cut, 'Hello', 'upstream_cut');
      expect(gateway[backend].requests).toHaveLength(2);
    });

    it(`ends with an error frame when ${backend} is not done within totalMs`, async () => {
      const step = scripts.stepper();
      gateway[backend].script(scripts.streamsText(['fine']), step.script);
      expect(await send(backend).rest()).toContain('[DONE]');
      const response = send(`${backend}-short`);
      await step.next('Hel');
      await expectCut(response, 'Hel', 'total_timeout');
      await gateway[backend].left(1);
      expect(await gateway.ended(1)).toMatchObject({
        endReason: 'total_timeout',
        attempts: [{ outcome: 'cancelled' }],
      });
    });
  }

  it('is a failure for a client that takes [DONE] without a finish reason for an end', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = send('openai');
    await step.next('Hel');
    await step.send('data: [DONE]\n\n');
    await step.eof();
    await expectCut(response, 'Hel', 'upstream_cut');
    expect(await gateway.ended()).toMatchObject({ endReason: 'upstream_cut' });
  });

  it('is a failed fetch for a browser or a Node client, with all that came before', async () => {
    gateway.openai.script(openAi.streamsTextThenCuts(['Hel', 'lo']));
    const { text, error, done, ended } = await readCompletion(
      await gateway.complete({ model: 'openai' }),
    );
    expect([text, error?.['code'], done, ended]).toEqual(['Hello', 'upstream_cut', false, 'cut']);
  });

  it('lets the next caller in: the connection that was cut is no one else’s', async () => {
    gateway.openai.script(
      openAi.streamsTextThenCuts(['Hel']),
      openAi.streamsText(['Hello', ' again']),
    );
    await expectCut(send('openai'), 'Hel', 'upstream_cut');
    const { text, done } = await readCompletion(await gateway.complete({ model: 'openai' }));
    expect([text, done]).toEqual(['Hello again', true]);
  });
});
