import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from './at.js';
import { type Sandbox, startSandbox } from './sandbox.js';

const FAST = { tokensPerSecond: 2000, firstTokenMs: 1 };
const HELLO = [{ role: 'user', content: 'Hello' }];
const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { enum: ['C', 'F'] } },
      required: ['city', 'unit'],
    },
  },
};
const PERSON = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    age: { type: 'integer' },
    nickname: { type: 'string' },
    friends: { type: 'array', items: { $ref: '#' } },
    home: { $ref: '#/$defs/place' },
    parent: { anyOf: [{ $ref: '#' }, { type: 'null' }] },
  },
  required: ['name', 'age', 'friends', 'home', 'parent'],
  $defs: {
    place: { type: 'object', properties: { at: { const: 'sea' } }, required: ['at'] },
  },
};
const A_PERSON = { name: 'sandbox', age: 1, friends: [], home: { at: 'sea' }, parent: null };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox(FAST);
});
afterAll(() => sandbox.close());

const DIALECTS = ['OpenAI', 'Ollama'] as const;
type Dialect = (typeof DIALECTS)[number];

function ask(dialect: Dialect, body: object, of = sandbox, signal?: AbortSignal) {
  const url =
    dialect === 'OpenAI' ? `${of.openaiUrl}/chat/completions` : `${of.ollamaUrl}/api/chat`;
  const request = { model: 'any', messages: HELLO, ...body };
  return fetch(url, { method: 'POST', body: JSON.stringify(request), signal: signal ?? null });
}

interface Stream {
  /** The parsed events, `[DONE]` as that string. */
  readonly events: readonly unknown[];
  readonly tokens: readonly string[];
  readonly reasoning: string;
  readonly cut: boolean;
}

async function streamOf(dialect: Dialect, body: object = {}, of = sandbox): Promise<Stream> {
  const response = await ask(dialect, { stream: true, ...body }, of);
  const decoder = new TextDecoder();
  let [text, cut] = ['', false];
  try {
    for await (const piece of response.body ?? []) text += decoder.decode(piece, { stream: true });
  } catch {
    cut = true;
  }
  const lines = text.split('\n').filter((line) => line !== '');
  const events = lines.map((line): unknown => {
    const data = line.replace(/^data: /, '');
    return data === '[DONE]' ? data : JSON.parse(data);
  });
  const deltas = events.map((event) =>
    dialect === 'OpenAI' ? at(event, 'choices', '0', 'delta') : at(event, 'message'),
  );
  const all = (name: string) =>
    deltas.map((delta) => at(delta, name)).filter((delta) => typeof delta === 'string');
  const tokens = all('content').filter((token) => token !== '');
  return { events, tokens, reasoning: all('reasoning_content').join(''), cut };
}

async function answerOf(dialect: Dialect, body: object = {}): Promise<unknown> {
  const answer: unknown = await (await ask(dialect, { stream: false, ...body })).json();
  return dialect === 'OpenAI' ? at(answer, 'choices', '0', 'message') : at(answer, 'message');
}

const textOf = async (dialect: Dialect, body: object = {}) =>
  String(at(await answerOf(dialect, body), 'content'));

/** The timers of this process that were there all the while. */
async function fewestTimers(duringMs: number): Promise<number> {
  const counts: number[] = [];
  for (const end = performance.now() + duringMs; performance.now() < end; await delay(3)) {
    counts.push(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length);
  }
  return Math.min(...counts);
}

describe('the sandbox', () => {
  it('streams Chat Completions as server-sent events, up to [DONE]', async () => {
    const response = await ask('OpenAI', { stream: true });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await response.text();
    const { events } = await streamOf('OpenAI', { model: 'gpt-4o' });
    expect(events[0]).toMatchObject({ model: 'gpt-4o', choices: [{ delta: { content: '' } }] });
    expect(events.at(-2)).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
    expect(events.at(-1)).toBe('[DONE]');
  });

  it('streams Ollama as lines of JSON, up to done, also when "stream" is absent', async () => {
    const response = await ask('Ollama', {});
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    await response.text();
    const { events } = await streamOf('Ollama', { model: 'llama3', stream: undefined });
    expect(events[0]).toMatchObject({ model: 'llama3', message: { content: 'Hello' } });
    expect(events.at(-1)).toMatchObject({ done: true, done_reason: 'stop' });
  });

  it('says which backend speaks, so that a fallback is seen', async () => {
    expect(await textOf('OpenAI')).toContain('OpenAI-shaped');
    expect(await textOf('Ollama')).toContain('Ollama-shaped');
  });

  it('reports usage at the end of an OpenAI stream when it is asked to, and only then', async () => {
    const withUsage = await streamOf('OpenAI', { stream_options: { include_usage: true } });
    const usage = { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) };
    expect(withUsage.events.at(-2)).toMatchObject({ choices: [], usage });
    expect(JSON.stringify((await streamOf('OpenAI')).events)).not.toContain('"usage"');
  });

  describe.each(DIALECTS)('as %s', (dialect) => {
    it('streams the answer that it gives as a whole, a word or less at a time', async () => {
      const { tokens, cut } = await streamOf(dialect);
      expect(cut).toBe(false);
      expect(tokens.join('')).toBe(await textOf(dialect));
      expect(tokens.length).toBeGreaterThan(60);
      for (const token of tokens) expect(token).toMatch(/^\s?\S{1,10}$/);
    });

    it.each([
      ['only a system message', [{ role: 'system', content: 'Be brief.' }]],
      ['no message at all', []],
      ['text of many scripts', [{ role: 'user', content: 'Grüße 你好 👋🏽' }]],
      ['the result of a tool', [...HELLO, { role: 'tool', tool_call_id: 'a', content: '{}' }]],
      ['megabytes', [{ role: 'user', content: 'ü'.repeat(4 * 1024 * 1024) }]],
    ])('answers %s', async (_, messages) => {
      expect(await textOf(dialect, { messages, tools: [WEATHER] })).toContain('canned');
    });

    it('answers images and lists of parts', async () => {
      const url = 'data:image/png;base64,aGk=';
      const message =
        dialect === 'Ollama'
          ? { content: 'What is it?', images: ['aGk='] }
          : { content: [{ type: 'image_url', image_url: { url } }] };
      const messages = [{ role: 'user', ...message }];
      expect(await textOf(dialect, { messages })).toContain('canned');
    });

    it('limits the rate of "always-rate-limited"', async () => {
      const response = await ask(dialect, { model: 'always-rate-limited', stream: true });
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe('1');
      const error = { type: 'requests', code: 'rate_limit_exceeded' };
      expect(await response.json()).toMatchObject({ error });
    });

    it('cuts the stream of "cut-after-20-tokens" after 20 tokens', async () => {
      const { tokens, events, cut } = await streamOf(dialect, { model: 'cut-after-20-tokens' });
      expect(cut).toBe(true);
      expect(tokens).toHaveLength(20);
      expect(JSON.stringify(events)).not.toMatch(/DONE|"stop"|"done":true/);
    });

    it('closes the connection instead of giving "cut-after-20-tokens" as a whole', async () => {
      await expect(ask(dialect, { model: 'cut-after-20-tokens', stream: false })).rejects.toThrow(
        'fetch failed',
      );
    });

    it('is late with the first token of "slow-to-start"', async () => {
      const slow = await startSandbox({ tokensPerSecond: 2000, firstTokenMs: 10 });
      const start = performance.now();
      const response = await ask(dialect, { model: 'slow-to-start', stream: true }, slow);
      expect(performance.now() - start).toBeGreaterThan(195);
      expect(await response.text()).toContain('canned');
      await slow.close();
    });

    it('shows what "thinks-first" thinks before its text', async () => {
      const { tokens, reasoning, events } = await streamOf(dialect, { model: 'thinks-first' });
      expect(reasoning).toContain('Nobody asked a model');
      expect(tokens.join('')).toContain('canned');
      expect(JSON.stringify(events[0])).toContain('reasoning_content');
    });

    it('serves a hundred streams at once', async () => {
      const streams = await Promise.all(Array.from({ length: 100 }, () => streamOf(dialect)));
      expect(new Set(streams.map(({ tokens }) => tokens.join(''))).size).toBe(1);
      expect(streams.every(({ cut }) => !cut)).toBe(true);
    });

    it('refuses what is not JSON', async () => {
      const path = dialect === 'OpenAI' ? '/v1/chat/completions' : '/api/chat';
      const response = await fetch(sandbox.ollamaUrl + path, { method: 'POST', body: '{' });
      expect(response.status).toBe(400);
    });
  });

  it.each([true, false])('answers in JSON when that is asked for (stream: %s)', async (stream) => {
    const json = { type: 'json_object' };
    const schema = { type: 'json_schema', json_schema: { name: 'person', schema: PERSON } };
    const answer = async (dialect: Dialect, body: object): Promise<unknown> => {
      const text = stream
        ? (await streamOf(dialect, body)).tokens.join('')
        : await textOf(dialect, body);
      return JSON.parse(text);
    };
    expect(await answer('OpenAI', { response_format: json })).toMatchObject({ sandbox: true });
    expect(await answer('Ollama', { format: 'json' })).toMatchObject({ sandbox: true });
    expect(await answer('OpenAI', { response_format: schema })).toEqual(A_PERSON);
    expect(await answer('Ollama', { format: PERSON })).toEqual(A_PERSON);
  });

  it.each([
    ['any', 'required'],
    ['that', { type: 'function', function: { name: 'weather' } }],
  ])('calls a tool when the caller insists on %s', async (_, tool_choice) => {
    const [call] = [
      at(await answerOf('OpenAI', { tools: [WEATHER], tool_choice }), 'tool_calls'),
    ].flat();
    expect(call).toMatchObject({
      function: { name: 'weather', arguments: '{"city":"sandbox","unit":"C"}' },
    });
  });

  it('stops for callers that leave, whatever they were waiting for', async () => {
    const slow = await startSandbox({ tokensPerSecond: 50, firstTokenMs: 50 });
    const before = await fewestTimers(300);
    const caller = new AbortController();
    const firstToken = { model: 'slow-to-start', stream: true };
    const nextToken = { stream: true };
    const wholeAnswer = { stream: false };
    const reading = DIALECTS.flatMap((dialect) =>
      [firstToken, nextToken, wholeAnswer].map(async (body) =>
        (await ask(dialect, body, slow, caller.signal)).text(),
      ),
    );
    const left = Promise.allSettled(reading);
    await delay(150);
    caller.abort();
    for (const { status } of await left) expect(status).toBe('rejected');
    // Every one of these answers would take longer than this.
    expect(await fewestTimers(300)).toBeLessThanOrEqual(before);
    await slow.close();
  });

  it('keeps the pace it is told', async () => {
    const paced = await startSandbox({ tokensPerSecond: 200, firstTokenMs: 100 });
    const start = performance.now();
    const response = await ask('Ollama', {}, paced);
    const firstTokenMs = performance.now() - start;
    const lines = (await response.text()).trim().split('\n');
    const answerMs = performance.now() - start - firstTokenMs;
    await paced.close();
    expect(firstTokenMs).toBeGreaterThan(95);
    expect(firstTokenMs).toBeLessThan(400);
    expect(answerMs).toBeGreaterThan(lines.length * 4);
  });

  it('serves nothing else of what it is made of', async () => {
    const journal = await fetch(`${sandbox.ollamaUrl}/__aimock/journal`);
    expect(journal.status).toBe(404);
  });

  it.each(['/v1/realtime?model=gpt-4o', '/v1/responses'])(
    'opens no WebSocket at %s',
    async (path) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
      };
      const asking = get(`${sandbox.ollamaUrl}${path}`, { headers, agent: false });
      const answered = once(asking, 'response') as Promise<[IncomingMessage]>;
      const upgraded = once(asking, 'upgrade').then(() => 'upgraded');
      expect(await Promise.race([answered.then(([{ statusCode }]) => statusCode), upgraded])).toBe(
        404,
      );
      asking.destroy();
    },
  );

  it('cuts open streams when it is closed, and leaves the others alone', async () => {
    const [one, other] = await Promise.all([startSandbox(FAST), startSandbox(FAST)]);
    const slow = await startSandbox({ tokensPerSecond: 10, firstTokenMs: 1 });
    const [open, alone] = [streamOf('OpenAI', {}, slow), streamOf('OpenAI', {}, other)];
    await (await ask('Ollama', {}, slow)).body?.cancel();
    await Promise.all([one.close(), slow.close()]);
    expect((await open).cut).toBe(true);
    expect((await alone).cut).toBe(false);
    await expect(ask('OpenAI', {}, one)).rejects.toThrow('fetch failed');
    await other.close();
  });
});
