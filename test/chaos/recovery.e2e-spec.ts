import { afterEach, describe, expect, it } from 'vitest';
import { chatEvents, textOf } from '../support/chat-events.js';
import { completionIn, readCompletion, type ReadCompletion } from '../support/chat-completions.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import {
  contentChunk,
  deltaChunk,
  finishChunk,
  openAi,
  openAiError,
  OPENAI_STREAM_TYPE,
  reasoningChunk,
  roleChunk,
  sse,
  toolCallChunk,
} from '../support/openai-script.js';
import { changes } from '../support/metric-lines.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith, replays } from '../support/upstream-scripts.js';

const TOKENS = ['The ', 'quick ', 'brown ', 'fox ', '🦊 ', 'jumps', '.'];
const ANSWER = TOKENS.join('');

/** The same text, split elsewhere. */
const RESPLIT = ['The qu', 'ick brown', ' fox 🦊 jum', 'ps.'];

const FIRST = { id: 'chatcmpl-first', model: 'first-model' };
const SECOND = { id: 'chatcmpl-second', model: 'second-model' };

const BREAKS: readonly (readonly [string, string, UpstreamScript])[] = [
  ['is cut', 'upstream_cut', openAi.streamsTextThenCuts(TOKENS.slice(0, 3), FIRST)],
  ['is reset', 'upstream_cut', openAi.resetsAfter(TOKENS.slice(0, 3), FIRST)],
  ['just ends', 'upstream_cut', openAi.streamsTextThenEnds(TOKENS.slice(0, 3), FIRST)],
  [
    'gives it up',
    'upstream_cut',
    openAi.streamsText(TOKENS.slice(0, 3), { ...FIRST, finishReason: 'abort' }),
  ],
  [
    'says "stop" with every piece, and ends before it is done',
    'upstream_cut',
    replays(
      OPENAI_STREAM_TYPE,
      sse(roleChunk(FIRST)) + TOKENS.slice(0, 3).map(sayingStop).join(''),
    ),
  ],
  ['stalls', 'idle_timeout', openAi.stallsAfter(TOKENS.slice(0, 3), FIRST)],
  [
    'says that it failed',
    'upstream_unavailable',
    openAi.inBandError('boom', TOKENS.slice(0, 3), FIRST),
  ],
];

function sayingStop(text: string): string {
  return sse(deltaChunk({ content: text }, FIRST, { finish_reason: 'stop' }));
}

const cut = openAi.streamsTextThenCuts(TOKENS.slice(0, 3), FIRST);

let gateway: Gateway;
afterEach(() => gateway.close());

interface ModelSource {
  readonly recovery?: string;
  readonly recoveryMaxBytes?: number;
  readonly targets?: readonly unknown[];
}

async function start(model: ModelSource, settings: GatewaySettings = {}): Promise<void> {
  const targets = ['openai/same', 'ollama/same'];
  gateway = await Gateway.start({
    models: [{ id: 'm', recovery: 'always', targets, ...model }],
    streams: { idleMs: 100 },
    ...settings,
  });
}

const requests = () => [gateway.openai.requests.length, gateway.ollama.requests.length];

async function ask(fields: object = {}): Promise<ReadCompletion> {
  return readCompletion(await gateway.complete({ model: 'm', ...fields }));
}

/** What a caller must be able to tell: nothing. */
function expectSeamless(completion: ReadCompletion): void {
  const { text, done, error, ended, chunks } = completion;
  expect([text, done, error, ended]).toEqual([ANSWER, true, undefined, 'clean']);
  const heads = chunks.map(({ id, model, created, object }) => ({ id, model, created, object }));
  for (const head of heads) expect(head).toEqual({ ...heads[0], ...FIRST });
  const deltas = chunks.map(({ choices }) => (choices as { delta: object }[])[0]?.delta ?? {});
  expect(deltas.filter((delta) => 'role' in delta)).toHaveLength(1);
}

async function expectHonestCut(completion: ReadCompletion, text: string): Promise<void> {
  expect([completion.text, completion.done, completion.ended]).toEqual([text, false, 'cut']);
  expect(completion.error).toMatchObject({ code: 'upstream_cut' });
  expect(await gateway.ended()).toMatchObject({ endReason: 'upstream_cut' });
}

describe('An answer of text that breaks off', () => {
  it.each(BREAKS)('is generated again by the next target when it %s', async (_, fault, script) => {
    await start({});
    gateway.openai.script(script);
    gateway.ollama.script(ollama.streamsText(RESPLIT));
    expectSeamless(await ask());
    expect(await gateway.ended()).toMatchObject({
      endReason: 'completed',
      recoveries: ['regenerated'],
      attempts: [{ outcome: fault }, { outcome: 'ok' }],
    });
    expect(requests()).toEqual([1, 1]);
  });

  it('is generated again by the same target, once, when there is no other', async () => {
    await start({ targets: ['openai/same'] });
    gateway.openai.script(cut, openAi.streamsText(RESPLIT, SECOND));
    expectSeamless(await ask());
    expect(requests()).toEqual([2, 0]);
  });

  it('is taken up again when the second answer breaks off, too, further on', async () => {
    await start({});
    gateway.openai.script(cut, openAi.streamsText(TOKENS, SECOND));
    gateway.ollama.script(ollama.streamsTextThenCuts(TOKENS.slice(0, 5)));
    expectSeamless(await ask());
    expect(await gateway.ended()).toMatchObject({ recoveries: ['regenerated', 'regenerated'] });
    expect(requests()).toEqual([2, 1]);
  });

  it('ends in its failure when every way to take it up was tried once', async () => {
    await start({});
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.streamsTextThenCuts(TOKENS.slice(0, 5)));
    await expectHonestCut(await ask(), TOKENS.slice(0, 5).join(''));
    expect(await gateway.ended()).toMatchObject({ recoveries: ['regenerated', 'failed'] });
    expect(requests()).toEqual([2, 1]);
  });

  it('only lacks its end when the second answer ends where the first one broke', async () => {
    await start({});
    gateway.openai.script(openAi.streamsTextThenCuts(TOKENS, FIRST));
    gateway.ollama.script(ollama.streamsText(RESPLIT));
    expectSeamless(await ask());
  });

  it('is not continued at the first difference: what the caller has stays, and is called cut', async () => {
    await start({});
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.streamsText(['The quick ', 'brawn fox.']));
    const completion = await ask();
    await expectHonestCut(completion, 'The quick brown ');
    // The second one did not fail: it was only of no use.
    expect(completion.error!['attempts']).toEqual([{ backend: 'openai', fault: 'upstream_cut' }]);
    expect(await gateway.ended()).toMatchObject({
      recoveries: ['diverged'],
      attempts: [{ outcome: 'upstream_cut' }, { outcome: 'cancelled' }],
    });
    await gateway.ollama.request(0);
  });

  it('leaves a second answer that differs, while it is still being written', async () => {
    await start({});
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.stallsAfter(['Something else']));
    await expectHonestCut(await ask(), 'The quick brown ');
    await gateway.ollama.left(0);
  });

  it('is given up past the deadlines of the second answer', async () => {
    await start({}, { streams: { idleMs: 100, firstTokenMs: 100 } });
    gateway.openai.script(cut, failsWith(500, {}));
    gateway.ollama.script(ollama.stallsAfter(['The ']));
    await expectHonestCut(await ask(), 'The quick brown ');
    await gateway.ollama.left(0);
    expect(await gateway.ended()).toMatchObject({
      recoveries: ['failed'],
      attempts: [
        { outcome: 'upstream_cut' },
        { outcome: 'idle_timeout' },
        { outcome: 'upstream_unavailable' },
      ],
    });
  });

  it('is silent, but for heartbeats, while the second answer repeats', async () => {
    await start({}, { streams: { heartbeatMs: 20 } });
    const second = ollama.stepper();
    gateway.openai.script(cut);
    gateway.ollama.script(second.script);
    const reader = new SseReader(await gateway.complete({ model: 'm' }));
    while (!reader.raw.includes('brown')) await reader.next();
    for (const token of TOKENS.slice(0, 3)) await second.next(token);
    let item = await reader.next();
    while (item?.comment === undefined) item = await reader.next();
    expect(item).toEqual({ comment: 'heartbeat' });
    for (const token of TOKENS.slice(3)) await second.next(token);
    await second.finish();
    await reader.all();
    expect((await completionIn(reader.raw)).text).toBe(ANSWER);
    expect(reader.ended).toBe('clean');
  });

  it('stops its second upstream, too, when the caller leaves meanwhile', async () => {
    await start({});
    const caller = new AbortController();
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.stallsAfter(TOKENS.slice(0, 2)));
    const response = await gateway.complete({ model: 'm' }, {}, caller.signal);
    await gateway.ollama.request(0);
    caller.abort();
    await gateway.ollama.left(0);
    const ended = await gateway.ended();
    expect(ended).toMatchObject({ endReason: 'client_closed' });
    expect(ended).not.toHaveProperty('recoveries');
    await response.text().catch(() => undefined);
  });

  it('passes a full target over for one that has room', async () => {
    await start({}, { room: { ollama: 1 }, limits: { queue: { size: 1, maxWaitMs: 60_000 } } });
    gateway.ollama.script(ollama.stallsAfter(['x']));
    const caller = new AbortController();
    gateway.openai.script(failsWith(500, {}), cut, openAi.streamsText(RESPLIT, SECOND));
    const held = await gateway.complete({ model: 'm' }, {}, caller.signal);
    expectSeamless(await ask());
    expect(requests()).toEqual([3, 1]);
    caller.abort();
    await held.text().catch(() => undefined);
  });

  it('keeps what the second upstream says beyond its text', async () => {
    await start({ targets: ['ollama/same', 'openai/same'] });
    gateway.ollama.script(ollama.streamsTextThenCuts(TOKENS.slice(0, 3)));
    const annotated = deltaChunk({ content: 'fox.', annotations: [{ url: 'https://fox' }] });
    const events = [roleChunk(), contentChunk('The quick '), contentChunk('brown '), annotated];
    const body = [...events, finishChunk(), '[DONE]'].map((event) => sse(event)).join('');
    gateway.openai.script(replays('text/event-stream', body));
    const { chunks, text, done } = await ask();
    expect([text, done]).toEqual(['The quick brown fox.', true]);
    expect(JSON.stringify(chunks)).toContain('https://fox');
    const heads = chunks.map(({ id, model, created }) => JSON.stringify([id, model, created]));
    expect(new Set(heads).size).toBe(1);
  });

  it('says on /chat that it was taken up', async () => {
    await start({});
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.streamsText(RESPLIT));
    const events = await chatEvents(await gateway.get('/chat/m?message=Hi'));
    expect(textOf(events)).toBe(ANSWER);
    expect(events.at(-1)).toMatchObject({ type: 'done', data: { recovered: true } });
    expect(
      await gateway.metric('llm_recoveries_total', { outcome: 'regenerated' }),
    ).toBeGreaterThan(0);
  });

  it('is the answer of whoever finished it: on /chat, in the log and in the metrics', async () => {
    await start({});
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.streamsText(RESPLIT));
    const changed = await changes(gateway, async () => {
      const events = await chatEvents(await gateway.get('/chat/m?message=Hi'));
      expect(events.at(-1)).toMatchObject({ type: 'done', data: { backend: 'ollama' } });
    });
    expect(await gateway.ended()).toMatchObject({ target: 'ollama/same' });
    const counted = Object.keys(changed).filter((name) => /^llm_(streams|tokens)_/.test(name));
    expect(counted).toHaveLength(3);
    for (const name of counted) expect(name).toContain('backend="ollama"');
  });

  it('stays the answer of whom it broke off at where nobody takes it up', async () => {
    await start({});
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.streamsText(['Something else']));
    await expectHonestCut(await ask(), 'The quick brown ');
    expect(await gateway.ended()).toMatchObject({ target: 'openai/same' });
  });

  it('costs what all its attempts cost', async () => {
    await start({});
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.streamsText(RESPLIT));
    const { chunks } = await ask({ stream_options: { include_usage: true } });
    // Two prompts of 9 tokens; three tokens of the first answer, three reported by the second.
    expect(chunks.at(-1)!['usage']).toEqual({
      prompt_tokens: 18,
      completion_tokens: 6,
      total_tokens: 24,
    });
    expect(await gateway.ended()).toMatchObject({ inputTokens: 18, outputTokens: 6 });
  });
});

describe('A target that declares prefill', () => {
  const targets = ['openai/same', { backend: 'ollama', model: 'same', prefill: true }];

  it('is given the text so far, and continues it', async () => {
    await start({ targets });
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.streamsText(TOKENS.slice(3)));
    expectSeamless(await ask());
    const { messages } = (await gateway.ollama.request(0)).body;
    expect(messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'The quick brown ' },
    ]);
    expect(await gateway.ended()).toMatchObject({ recoveries: ['continued'] });
  });

  it('goes on with what the caller itself began, and with the tokens that are left', async () => {
    await start({ targets });
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.streamsText(TOKENS.slice(3)));
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'So: ' },
    ];
    expectSeamless(await ask({ messages, max_tokens: 10 }));
    const { body } = await gateway.ollama.request(0);
    expect(body['messages']).toEqual([
      messages[0],
      { role: 'assistant', content: 'So: The quick brown ' },
    ]);
    expect(body['options']).toMatchObject({ num_predict: 7 });
  });

  it('is preferred, also when it is the one that broke off', async () => {
    await start({ targets: [{ backend: 'openai', model: 'same', prefill: true }, 'ollama/same'] });
    gateway.openai.script(cut, openAi.streamsText(TOKENS.slice(3), SECOND));
    expectSeamless(await ask());
    const { messages } = (await gateway.openai.request(1)).body;
    expect((messages as unknown[]).at(-1)).toEqual({
      role: 'assistant',
      content: 'The quick brown ',
    });
    expect(requests()).toEqual([2, 0]);
  });

  it('is asked to generate it again when it refuses', async () => {
    await start({ targets });
    gateway.openai.script(cut);
    gateway.ollama.script(failsWith(400, { error: 'no prefill' }), ollama.streamsText(RESPLIT));
    expectSeamless(await ask());
    expect(requests()).toEqual([1, 2]);
    expect(await gateway.ended()).toMatchObject({ recoveries: ['regenerated'] });
  });
});

/** One answer that breaks off, and nobody else is asked. */
async function expectNoRecovery(fields: object = {}): Promise<void> {
  const { done, error } = await ask(fields);
  expect([done, error?.['code']]).toEqual([false, 'upstream_cut']);
  expect(requests()).toEqual([1, 0]);
  expect(await gateway.ended()).not.toHaveProperty('recoveries');
}

describe('No answer is taken up again', () => {
  it('unless the model says so', async () => {
    await start({ recovery: 'never' });
    gateway.openai.script(cut);
    await expectNoRecovery();
  });

  it('that asks for logprobs', async () => {
    await start({});
    gateway.openai.script(cut);
    await expectNoRecovery({ logprobs: true });
  });

  it.each([
    ['a tool call', toolCallChunk(0, 'call_1', 'look')],
    ['reasoning', reasoningChunk('Hm')],
  ])('once %s was sent', async (_, event) => {
    await start({});
    const events = [roleChunk(), contentChunk('Hel'), event].map((each) => sse(each)).join('');
    gateway.openai.script(replays('text/event-stream', events));
    await expectNoRecovery();
  });

  it('that is longer than recoveryMaxBytes', async () => {
    await start({ recoveryMaxBytes: 15 });
    gateway.openai.script(cut);
    await expectNoRecovery();
  });

  it('beyond the retry budget', async () => {
    await start({}, { retryBudget: { ratio: 0, minRetries: 0 } });
    gateway.openai.script(cut);
    await expectHonestCut(await ask(), 'The quick brown ');
    expect(requests()).toEqual([1, 0]);
    expect(await gateway.ended()).toMatchObject({ recoveries: ['failed'] });
  });

  it('on another target when the caller wants the first one only', async () => {
    await start({});
    gateway.openai.script(cut, failsWith(500, openAiError('no')));
    const response = await gateway.complete({ model: 'm' }, { 'x-sluice-fallback': 'never' });
    expect((await readCompletion(response)).done).toBe(false);
    expect(requests()).toEqual([2, 0]);
  });
});

describe('With recovery: deterministic', () => {
  it.each([{ temperature: 0 }, { seed: 7 }])('%j is taken up', async (fields) => {
    await start({ recovery: 'deterministic' });
    gateway.openai.script(cut);
    gateway.ollama.script(ollama.streamsText(RESPLIT));
    expectSeamless(await ask(fields));
  });

  it('a request that is not deterministic is not taken up', async () => {
    await start({ recovery: 'deterministic' });
    gateway.openai.script(cut);
    await expectHonestCut(await ask({ temperature: 0.7 }), 'The quick brown ');
    expect(requests()).toEqual([1, 0]);
  });

  it('only targets with the same name of the model take it up', async () => {
    await start({ recovery: 'deterministic', targets: ['openai/same', 'ollama/other'] });
    gateway.openai.script(cut, openAi.streamsText(RESPLIT, SECOND));
    expectSeamless(await ask({ temperature: 0 }));
    expect(requests()).toEqual([2, 0]);
  });
});
