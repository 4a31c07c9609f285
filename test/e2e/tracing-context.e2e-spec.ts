import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { answers, failsWith } from '../support/upstream-scripts.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const CALLERS = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1,b=2' };

const MALFORMED = [
  '',
  'nonsense',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
];

let receiver: OtlpReceiver;
let told: ScriptedUpstream;
let untold: ScriptedUpstream;
let gateway: Gateway;
beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  told = await ScriptedUpstream.start();
  untold = await ScriptedUpstream.start();
});
afterEach(async () => {
  await Promise.all([told.close(), untold.close()]);
  await gateway.close();
  await receiver.close();
});

/** The model `m` is asked at an upstream that is told of traces, then at one that is not. */
async function start(settings: GatewaySettings = {}): Promise<void> {
  gateway = await Gateway.start({
    backends: [
      { id: 'told', kind: 'openai', baseUrl: told.openaiUrl, traceContext: true },
      { id: 'untold', kind: 'ollama', baseUrl: untold.url },
    ],
    models: [{ id: 'm', targets: ['told/a', 'untold/b'] }],
    ...settings,
  });
  told.script(openAi.streamsText(['Hi']));
  untold.script(ollama.streamsText(['Hi']));
}

async function ask(headers: Record<string, string> = {}): Promise<void> {
  await (await gateway.complete({ model: 'm' }, headers)).text();
}

async function traced() {
  await gateway.shutDown();
  return receiver.trace();
}

describe('With traces on', () => {
  it('a request is part of its caller’s trace, and an upstream that is told part of the attempt', async () => {
    await start({ env: receiver.env });
    await ask(CALLERS);
    const { request, attempts } = await traced();
    expect(request).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, traceState: 'a=1,b=2' });
    expect(told.requests[0]!.headers).toMatchObject({
      traceparent: `00-${TRACE}-${attempts[0]!.spanId}-01`,
      tracestate: 'a=1,b=2',
    });
    expect((await gateway.ended())['traceId']).toBe(TRACE);
  });

  it('a trace begins here where its caller says of none', async () => {
    await start({ env: receiver.env });
    await ask();
    const { request, attempts } = await traced();
    expect(request.parentSpanId).toBeUndefined();
    const { headers } = told.requests[0]!;
    expect(headers['traceparent']).toBe(`00-${request.traceId}-${attempts[0]!.spanId}-01`);
    expect(headers).not.toHaveProperty('tracestate');
    expect((await gateway.ended())['traceId']).toBe(request.traceId);
  });

  it.each(MALFORMED)('traceparent %j is as good as none', async (traceparent) => {
    await start({ env: receiver.env });
    await ask({ ...CALLERS, traceparent });
    const { request } = await traced();
    expect(request).toMatchObject({ parentSpanId: undefined, traceState: undefined });
    expect(request.traceId).not.toBe(TRACE);
  });

  it('a later version of traceparent is read as far as it is known', async () => {
    await start({ env: receiver.env });
    await ask({ traceparent: `01-${TRACE}-${SPAN}-03-more` });
    const { request } = await traced();
    expect(request).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
    expect(told.requests[0]!.headers['traceparent']).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
  });

  it('an upstream is told nothing that is not configured to be', async () => {
    await start({ env: receiver.env });
    told.script(failsWith(500, openAiError('boom')));
    await ask(CALLERS);
    for (const name of Object.keys(CALLERS))
      expect(untold.requests[0]!.headers).not.toHaveProperty(name);
    const { attempts } = await traced();
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([
      receiver.trace().request.spanId,
      receiver.trace().request.spanId,
    ]);
  });

  it('a trace that its caller does not sample is not sent, and goes on as it is', async () => {
    await start({ env: receiver.env });
    await ask({ traceparent: `00-${TRACE}-${SPAN}-00` });
    await gateway.shutDown();
    expect(receiver.bodies).toEqual([]);
    const own = new RegExp(`^00-${TRACE}-(?!${SPAN})[\\da-f]{16}-00$`);
    expect(told.requests[0]!.headers['traceparent']).toMatch(own);
    expect((await gateway.ended())['traceId']).toBe(TRACE);
  });

  it.each([
    ['always_on', '', `00-${TRACE}-${SPAN}-00`, 1],
    ['always_off', '', CALLERS.traceparent, 0],
    ['traceidratio', '0', CALLERS.traceparent, 0],
    ['parentbased_always_off', '', '', 0],
    ['parentbased_traceidratio', '1', '', 1],
  ])('the sampler %s %s holds', async (sampler, ratio, traceparent, requests) => {
    const sampling = { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio };
    await start({ env: { ...receiver.env, ...sampling } });
    await ask({ traceparent });
    await gateway.shutDown();
    expect(receiver.spans.filter(({ kind }) => kind === 'server')).toHaveLength(requests);
  });

  it('an upstream that counts is told of the request', async () => {
    const backend = {
      id: 'claude',
      kind: 'anthropic',
      baseUrl: told.openaiUrl,
      traceContext: true,
    };
    await start({
      env: receiver.env,
      backends: [backend],
      models: [{ id: 'm', targets: ['claude/x'] }],
    });
    told.script(answers({ input_tokens: 14 }));
    const messages = [{ role: 'user', content: 'Hi' }];
    await gateway.post('/v1/messages/count_tokens', { model: 'm', messages });
    const { request } = await traced();
    const { headers } = told.requests[0]!;
    expect(headers['traceparent']).toBe(`00-${request.traceId}-${request.spanId}-01`);
  });
});

describe('With traces off', () => {
  it('an upstream that is told gets what the caller says, and the log has it', async () => {
    await start();
    await ask(CALLERS);
    expect(told.requests[0]!.headers).toMatchObject(CALLERS);
    expect((await gateway.ended())['traceId']).toBe(TRACE);
  });

  it.each(MALFORMED)('nobody is told of traceparent %j', async (traceparent) => {
    await start();
    await ask({ ...CALLERS, traceparent });
    for (const name of Object.keys(CALLERS))
      expect(told.requests[0]!.headers).not.toHaveProperty(name);
    expect(await gateway.ended()).not.toHaveProperty('traceId');
  });

  it('a tracestate that is too long goes no further, and its traceparent does', async () => {
    await start();
    await ask({ ...CALLERS, tracestate: `a=${'x'.repeat(600)}` });
    const { headers } = told.requests[0]!;
    expect(headers['traceparent']).toBe(CALLERS.traceparent);
    expect(headers).not.toHaveProperty('tracestate');
  });
});
