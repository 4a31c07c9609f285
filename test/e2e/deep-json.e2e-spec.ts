import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deepObject, jsonWith } from '../support/deep-json.js';
import { anthropic } from '../support/anthropic-script.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { completion, contentChunk, openAi, sse } from '../support/openai-script.js';
import { EVERY_WAY, ROUTE_FORMS } from '../support/route-forms.js';
import { SseReader } from '../support/sse-reader.js';
import type { Stepper } from '../support/stepper.js';
import { answers, failsWith, replays } from '../support/upstream-scripts.js';

const deep = deepObject(20_000);
const event = `data: ${jsonWith(deep, (value) => ({ ...contentChunk('lo'), unknown: value }))}\n\n`;
const answer = jsonWith(deep, (value) => ({ ...completion('lo'), unknown: value }));
const error = jsonWith(deep, (value) => ({ error: { message: 'Slow.', headers: { a: value } } }));

const calling = (args: string) => ({
  index: 0,
  finish_reason: 'tool_calls',
  message: {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'sum', arguments: args } }],
  },
});

describe('JSON of an upstream that is nested without end', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it.each([
    ['after', (step: Stepper) => step.next('Hel').then(() => step.send(event))],
    ['with', (step: Stepper) => step.send(sse(contentChunk('Hel')) + event)],
  ])('cuts its own stream %s a token, and no other', async (_, send) => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.complete();
    await step.begin();
    await send(step);
    const reader = new SseReader(await response);
    await reader.all();
    expect(reader.ended).toBe('cut');
    expect(reader.raw).toMatch(/"Hel".*upstream_protocol/s);
    expect(await gateway.ended()).toMatchObject({ endReason: 'upstream_error' });
    expect((await gateway.get('/livez')).status).toBe(200);
  });

  const firsts = ROUTE_FORMS.flatMap((form) => [
    { ...form, what: 'an answer', script: answers(answer) },
    { ...form, what: 'an event', script: replays('text/event-stream', event) },
    { ...form, what: 'a refusal', script: failsWith(429, error) },
    { ...form, what: 'a refusal in a 200', script: answers(`[${deep}]`) },
  ]);

  it.each(firsts)('has the next target asked: $what, $form', async ({ ask, streams, script }) => {
    gateway.openai.script(script);
    gateway.ollama.script(streams ? ollama.streamsText(['Hello']) : ollama.answersText('Hello'));
    const { text, isWhole } = await ask(gateway, 'gpt-4o');
    expect([text, isWhole]).toEqual(['Hello', true]);
  });

  it.each(EVERY_WAY)('is nobody else’s fault: $id, $form', async ({ id, model, ask }) => {
    gateway[id].script(failsWith(429, error), answers(`[${deep}]`), answers(`{"error":${deep}}`));
    expect((await ask(gateway, model)).failure).toMatch(/^rate_limit/);
    for (let n = 0; n < 2; n += 1) {
      expect((await ask(gateway, model)).failure).toMatch(/^upstream_/);
    }
  });

  it('passes where it is only deep', async () => {
    const body = jsonWith(deepObject(900), (value) => ({ ...completion('Hello'), unknown: value }));
    gateway.openai.script(answers(body));
    for (const { ask } of ROUTE_FORMS) expect((await ask(gateway, 'gpt-only')).text).toBe('Hello');
  });

  it('is not made of what a caller calls the arguments of a tool', async () => {
    gateway.ollama.script(ollama.streamsText(['Hello']));
    const call = { id: '1', type: 'function', function: { name: 'sum', arguments: deep } };
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: '1', content: '2' },
    ];
    expect((await gateway.complete({ model: 'llama3', messages })).status).toBe(200);
  });

  it.each([
    ['levels', deepObject(200)],
    ['values', `{"a":[${'[],'.repeat(200_000)}1]}`],
  ])('is parsed of no arguments with more %s than a body may have', async (_, args) => {
    gateway.ollama.script(ollama.answersText('Hello'));
    gateway.anthropic.script(anthropic.answersText('Hello'));
    const call = { id: '1', type: 'function', function: { name: 'sum', arguments: args } };
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: '1', content: '2' },
    ];
    for (const model of ['llama3', 'claude']) {
      const asked = { model, stream: false, messages };
      expect((await gateway.complete(asked)).status).toBe(200);
    }
    expect(JSON.stringify(gateway.ollama.requests[0]!.body)).toContain('"arguments":{}');
    expect(JSON.stringify(gateway.anthropic.requests[0]!.body)).toContain('"input":{}');
    gateway.openai.script(answers({ ...completion(''), choices: [calling(args)] }));
    const hi = [{ role: 'user', content: 'Hi' }];
    const message = await gateway.post('/v1/messages', {
      model: 'gpt-only',
      max_tokens: 9,
      messages: hi,
    });
    expect(await message.text()).toContain('"input":{}');
  });
});
