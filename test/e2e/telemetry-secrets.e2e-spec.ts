import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { answers, failsWith, replays } from '../support/upstream-scripts.js';

/** What is said in these tests, wherever something can be said. */
const SAID = 'zebra-7f3a';
const KEY = 'sk-upstream-secret';
/** Half a key is a leak, too. */
const KEY_START = KEY.slice(0, 5);

/** Everything that the caller gets to see: headers and body, also of an answer that is cut. */
async function seen(responding: Promise<Response>): Promise<string> {
  const response = await responding;
  let body = '';
  try {
    for await (const bytes of response.body ?? []) body += Buffer.from(bytes).toString();
  } catch {
    // An unclean end is how a cut is told.
  }
  return JSON.stringify([...response.headers]) + body;
}

describe('what was said, and our keys,', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(async () => {
    expect(gateway.log.text).not.toContain(SAID);
    expect(gateway.log.text).not.toContain(KEY_START);
    await gateway.close();
  });

  const said = [{ role: 'user', content: SAID }];
  /** Sends it in every field that takes text. */
  const asks: [string, (model: string) => Promise<Response>][] = [
    ['GET /chat', (model) => gateway.get(`/chat/${model}?message=${SAID}&system=${SAID}`)],
    ['POST /chat', (model) => gateway.post(`/chat/${model}`, { messages: said, system: SAID })],
    ['/v1 streamed', (model) => gateway.complete({ model, messages: said, user: SAID })],
    ['/v1 plain', (model) => gateway.complete({ model, messages: said, stream: false })],
  ];

  it.each(asks)('stay out of the log of an answer to %s, prompt and text', async (form, ask) => {
    const plain = form === '/v1 plain';
    gateway.openai.script(plain ? openAi.answersText(SAID) : openAi.streamsText([SAID]));
    gateway.ollama.script(plain ? ollama.answersText(SAID) : ollama.streamsText([SAID]));
    expect(await seen(ask('gpt-only'))).toContain(SAID);
    expect(await seen(ask('llama3'))).toContain(SAID);
    await gateway.ended(1);
  });

  it('stay out of the words of a mistake, wherever the key is configured', async () => {
    const upstream = gateway.openai.openaiUrl;
    const azure = { id: 'azure', kind: 'openai', baseUrl: upstream };
    const other = await Gateway.start({
      backends: [
        { ...azure, headers: { 'api-key': 'azure-secret' }, query: { sig: 'sig-secret' } },
      ],
      models: [{ id: 'azure', targets: ['azure/gpt'] }],
    });
    gateway.openai.script(failsWith(400, openAiError('azure-secret and sig-secret may not')));
    const answer = await seen(other.complete({ model: 'azure' }));
    await other.close();
    expect(answer).toContain('[key] and [key] may not');
  });

  it.each(asks)('stay out of the words of a mistake that is told within %s', async (form, ask) => {
    const mistake = { message: `No: Bearer ${KEY}`, type: 'invalid_request_error' };
    gateway.openai.script(
      form === '/v1 plain' ? answers({ error: mistake }) : openAi.inBandError(mistake),
    );
    const answer = await seen(ask('gpt-only'));
    expect(answer).toContain('No: Bearer [key]');
    expect(answer).not.toContain(KEY);
    await gateway.ended();
  });

  const words: [string, object][] = [
    ['a code', { error: { message: 'No.', code: `bad_${KEY}` } }],
    ['a code of its own', { error: { message: 'No.', code: KEY } }],
    ['a type', { error: { message: 'No.', type: `bad:${KEY}` } }],
    ['a param', { error: { message: 'No.', param: `tools.${KEY}` } }],
    ['a reason', { error: { message: 'No.', details: [{ reason: `bad_${KEY}` }] } }],
    ['a sentence for a code', { error: { code: `No ${KEY}` } }],
    ['a sentence that is cut within it', { error: { message: `${'x'.repeat(1989)} ${KEY}` } }],
    ['many sentences', { error: { message: 'x'.repeat(1985), details: [{ message: KEY }] } }],
    ['the name of a field', { detail: [{ loc: ['body', KEY], msg: `No ${KEY}`, input: KEY }] }],
    ['JSON within JSON', { error: { message: JSON.stringify({ message: KEY, code: KEY }) } }],
  ];

  it.each(words)('stay out of log and answer in %s of a mistake', async (_, error) => {
    const body = JSON.stringify(error);
    const scripts = [
      failsWith(400, error),
      answers({ ...error, status: 400, message: 'No.' }),
      replays('text/event-stream', `data: ${body}\n\n`),
      failsWith(400, `${body.slice(0, -1)},"input":"${'x'.repeat(70_000)}"}`),
    ];
    for (const script of scripts) {
      gateway.openai.script(script);
      for (const [, ask] of asks) expect(await seen(ask('gpt-only'))).not.toContain(KEY_START);
    }
    await gateway.ended(scripts.length * asks.length - 1);
  });

  const quoting = `${SAID} Bearer ${KEY}`;
  const stream = 'text/event-stream';
  const faults: [string, UpstreamScript][] = [
    ['refuses our key and quotes it', failsWith(401, openAiError(quoting))],
    ['has no such model', failsWith(404, openAiError(quoting))],
    ['limits the rate', failsWith(429, openAiError(quoting))],
    ['has no quota', failsWith(429, openAiError(quoting, { code: 'insufficient_quota' }))],
    ['is down', failsWith(503, openAiError(quoting))],
    ['is a proxy that says so in HTML', failsWith(502, `<p>${quoting}</p>`)],
    ['answers in another content type', replays('text/html', quoting)],
    ['answers with JSON that is none', replays('application/json', `{"${quoting}`)],
    ['breaks an event', replays(stream, `data: {"${quoting}\n\n`)],
    ['fails within the stream', openAi.inBandError({ message: quoting, code: 500 })],
    ['fails behind a token', openAi.inBandError({ message: quoting, code: 500 }, ['Hi'])],
  ];

  it.each(faults)('stay out of log and answer when the upstream %s', async (_, script) => {
    gateway.openai.script(script);
    for (const [, ask] of asks) {
      const answer = await seen(ask('gpt-only'));
      expect(answer).not.toContain(SAID);
      expect(answer).not.toContain(KEY);
    }
    await gateway.ended(asks.length - 1);
  });

  it('stay out of log and answer when Ollama fails, before its stream and within', async () => {
    const broken = replays('application/x-ndjson', `{"message": ${quoting}\n`);
    for (const script of [
      failsWith(500, { error: quoting }),
      ollama.inBandError(quoting),
      broken,
    ]) {
      gateway.ollama.script(script);
      for (const [, ask] of asks) expect(await seen(ask('llama3'))).not.toContain(SAID);
    }
    await gateway.ended(3 * asks.length - 1);
  });

  it("come back to the caller alone in an upstream's words about its own mistake", async () => {
    gateway.openai.script(failsWith(400, openAiError(`No ${SAID}, Bearer ${KEY}`)));
    for (const [, ask] of asks) {
      const answer = await seen(ask('gpt-only'));
      expect(answer).toContain(SAID);
      expect(answer).not.toContain(KEY);
    }
    await gateway.ended(asks.length - 1);
  });

  it.each<[string, () => Promise<Response>]>([
    ['a body that is no JSON', () => gateway.post('/v1/chat/completions', `{"a": ${SAID}`)],
    ['a body of another type', () => gateway.post('/chat', SAID, { 'content-type': 'text/plain' })],
    ['messages that are text', () => gateway.post('/chat', { messages: SAID })],
    ['a role that there is not', () => gateway.post('/chat', { messages: [{ role: SAID }] })],
    ['a number that is text', () => gateway.complete({ messages: said, temperature: SAID })],
    ['text beside an unknown field', () => gateway.post('/chat', { messages: said, x: SAID })],
    ['a query too long', () => gateway.get(`/chat?message=${SAID.repeat(500)}`)],
    ['an unknown path', () => gateway.get(`/nowhere/${SAID}?message=${SAID}`)],
    ['a path that cannot be decoded', () => gateway.get(`/chat/%E0%A4%A?message=${SAID}`)],
    ['a method that there is not', () => gateway.post(`/v1/models?message=${SAID}`, said)],
  ])('stay out of log and answer with %s', async (_, ask) => {
    const responding = ask();
    expect(await seen(responding)).not.toContain(SAID);
    expect((await responding).status).toBeGreaterThanOrEqual(400);
    expect((await responding).status).toBeLessThan(500);
  });

  it('stay out of the log with an unknown model and with headers that carry secrets', async () => {
    const secrets = { authorization: `Bearer ${SAID}`, cookie: SAID, 'x-api-key': SAID };
    expect((await gateway.get(`/chat/${SAID}?message=Hi`, secrets)).status).toBe(404);
    gateway.openai.script(openAi.streamsText(['Hi']));
    expect(await seen(gateway.complete({}, secrets))).not.toContain(SAID);
    expect(JSON.stringify(gateway.openai.requests[0]!.headers)).not.toContain(SAID);
  });
});
