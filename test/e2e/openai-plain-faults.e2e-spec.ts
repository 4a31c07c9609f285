import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { doneLine, ollama } from '../support/ollama-script.js';
import { completion, openAi, openAiError } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import {
  answers,
  cutsBeforeHeaders,
  failsWith,
  resetsBeforeHeaders,
  stallsBeforeHeaders,
} from '../support/upstream-scripts.js';

/** The first half of a body, then an end that is none. */
function half(json: JsonObject, end: 'cut' | 'reset' | 'stall'): UpstreamScript {
  return async (exchange) => {
    const text = JSON.stringify(json);
    exchange.open('application/json', { 'content-length': String(text.length) });
    await exchange.write(text.slice(0, text.length / 2));
    if (end !== 'stall') exchange[end]();
  };
}

type Failure = readonly [what: string, status: number, code: string, script: UpstreamScript];
const COMMON: readonly Failure[] = [
  ['limits the rate', 429, 'rate_limit_exceeded', failsWith(429, openAiError('no'))],
  ['refuses our key', 502, 'upstream_credentials', failsWith(401, openAiError('no'))],
  ['lacks the model', 502, 'upstream_model_missing', failsWith(404, openAiError('no'))],
  ['has a bug', 502, 'upstream_unavailable', failsWith(500, openAiError('no'))],
  ['resets the connection', 502, 'upstream_unavailable', resetsBeforeHeaders()],
  ['closes the connection', 502, 'upstream_unavailable', cutsBeforeHeaders()],
  ['answers with a web page', 502, 'upstream_protocol', failsWith(200, '<h1>Hi</h1>', html())],
  ['answers with half of a JSON', 502, 'upstream_protocol', answers('{"id":"chatcm')],
  ['answers with another JSON', 502, 'upstream_protocol', answers({ object: 'list', data: [] })],
  ['answers with an error as 200', 502, 'upstream_unavailable', answers({ error: 'boom' })],
];
const FAILURES: Readonly<Record<'openai' | 'ollama', readonly Failure[]>> = {
  openai: [
    ...COMMON,
    ['cuts its answer', 502, 'upstream_cut', half(completion('Hello'), 'cut')],
    ['resets within its answer', 502, 'upstream_cut', half(completion('Hello'), 'reset')],
  ],
  ollama: [
    ...COMMON,
    ['cuts its answer', 502, 'upstream_cut', half(doneLine({}, 'Hello'), 'cut')],
    ['resets within its answer', 502, 'upstream_cut', half(doneLine({}, 'Hello'), 'reset')],
  ],
};

function html(): Record<string, string> {
  return { 'content-type': 'text/html' };
}

describe('a whole answer that does not come', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    const streams = { answerMs: 200 };
    gateway = await Gateway.start({
      models: [
        { id: 'openai', targets: ['openai/m'] },
        { id: 'ollama', targets: ['ollama/m'] },
        { id: 'both', targets: ['openai/m', 'ollama/m'] },
        {
          id: 'hasty',
          targets: [{ backend: 'openai', model: 'm', streams }, 'ollama/m'],
        },
        { id: 'openai-hasty', targets: ['openai/m'], streams },
        { id: 'ollama-hasty', targets: ['ollama/m'], streams },
        { id: 'short', targets: ['openai/m', 'ollama/m'], streams: { totalMs: 300 } },
      ],
    });
    gateway.ollama.script(ollama.answersText('Hello'));
  });
  afterEach(() => gateway.close());

  const ask = (model: string, headers = {}, signal?: AbortSignal): Promise<Response> =>
    gateway.complete({ model, stream: false }, headers, signal);

  for (const backend of ['openai', 'ollama'] as const) {
    it.each(FAILURES[backend])(
      `is an error with its own status when ${backend} %s (%i %s)`,
      async (_, status, code, script) => {
        gateway[backend].script(script);
        const response = await ask(backend, { 'x-request-id': 'mine' });
        expect(await errorOf(response)).toEqual({
          status,
          message: expect.stringMatching(new RegExp(`"${backend}".*\\.$`)),
          type: status === 429 ? 'requests' : 'server_error',
          code,
          param: null,
          requestId: 'mine',
          attempts: [{ backend, fault: code === 'rate_limit_exceeded' ? 'rate_limited' : code }],
        });
        expect(response.headers.get('x-sluice-attempts')).toBe('1');
        expect(gateway[backend].requests).toHaveLength(1);
      },
    );

    it(`is a 504 when ${backend} takes longer than answerMs, headers or not`, async () => {
      for (const script of [stallsBeforeHeaders(), half(completion('Hello'), 'stall')]) {
        gateway[backend].script(script);
        const response = await ask(`${backend}-hasty`);
        expect(response.status).toBe(504);
        expect(await response.text()).toContain('"code":"first_token_timeout"');
        await gateway[backend].left(gateway[backend].requests.length - 1);
      }
    });
  }

  it.each(FAILURES.openai)('comes from the next target when the first %s', async (...failure) => {
    gateway.openai.script(failure[3]);
    const response = await ask('both');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-sluice-backend')).toBe('ollama');
    expect(response.headers.get('x-sluice-attempts')).toBe('2');
    expect(await response.text()).toContain('"content":"Hello"');
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
  });

  it('comes from the next target when the first takes longer than answerMs', async () => {
    gateway.openai.script(stallsBeforeHeaders());
    const response = await ask('hasty');
    expect([response.status, response.headers.get('x-sluice-attempts')]).toEqual([200, '2']);
    await gateway.openai.left(0);
  });

  it('is given up after totalMs, and nobody else is asked', async () => {
    gateway.openai.script(stallsBeforeHeaders());
    const response = await ask('short');
    expect(response.status).toBe(504);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await response.text()).toContain('"code":"total_timeout"');
    await gateway.openai.left(0);
    expect(gateway.ollama.requests).toHaveLength(0);
    expect(await gateway.ended()).toMatchObject({ endReason: 'total_timeout' });
  });

  it.each([
    ['before the headers', stallsBeforeHeaders()],
    ['within the body', half(completion('Hello'), 'stall')],
  ])('is given up when its caller leaves %s', async (_, script) => {
    gateway.openai.script(script);
    const caller = new AbortController();
    const asked = ask('both', {}, caller.signal);
    await gateway.openai.request(0);
    caller.abort();
    await expect(asked).rejects.toThrow('aborted');
    await gateway.openai.left(0);
    expect(await gateway.ended()).toMatchObject({ endReason: 'client_closed' });
    expect(gateway.ollama.requests).toHaveLength(0);
  });

  it('is a 400 in the words of the upstream when the caller is wrong', async () => {
    gateway.openai.script(failsWith(400, openAiError('No such voice.', { param: 'audio' })));
    const response = await ask('both');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { message: 'No such voice.', param: 'audio', type: 'invalid_request_error' },
    });
    expect(gateway.ollama.requests).toHaveLength(0);
    gateway.openai.script(openAi.answersText('Hi'));
  });
});
