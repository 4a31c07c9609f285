import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../src/contract/gateway-error.js';
import type { StreamEvent } from '../../src/contract/stream-event.js';
import { chatCompletions } from '../../src/http/dialects/chat-completions/dialect.js';
import { ChatCompletionEncoder } from '../../src/http/dialects/chat-completions/encode-stream.js';
import { EventSourceEncoder } from '../../src/http/dialects/event-source/encode-stream.js';
import { MessagesEncoder } from '../../src/http/dialects/messages/encode-stream.js';
import { ResponsesEncoder } from '../../src/http/dialects/responses/encode-stream.js';
import { Gateway } from '../support/gateway.js';
import { changes } from '../support/metric-lines.js';
import { ROUTE_FORMS } from '../support/route-forms.js';
import { openAi } from '../support/openai-script.js';

const STREAMS = ROUTE_FORMS.filter(({ streams }) => streams);

describe('An encoder that throws', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await gateway.close();
  });

  it.each(STREAMS)('at the end of an answer has not completed it ($form)', async ({ ask }) => {
    throwAtEnd(ChatCompletionEncoder);
    throwAtEnd(EventSourceEncoder);
    throwAtEnd(MessagesEncoder);
    throwAtEnd(ResponsesEncoder);
    const changed = await changes(gateway, async () => {
      expect(await ask(gateway, 'gpt-only')).toMatchObject({ isWhole: false });
      expect(await gateway.ended()).toMatchObject({
        endReason: 'internal_error',
        fault: 'internal',
        // It is none of the upstream's.
        attempts: [{ outcome: 'ok' }],
      });
    });
    expect(Object.keys(changed).join()).toContain('end_reason="internal_error"');
    expect(Object.keys(changed).join()).not.toContain('end_reason="completed"');
  });

  it.each(STREAMS)('that cannot write the end has not completed it ($form)', async ({ ask }) => {
    throwAtEnd(ChatCompletionEncoder, cannotWrite);
    throwAtEnd(EventSourceEncoder, cannotWrite);
    throwAtEnd(MessagesEncoder, cannotWrite);
    throwAtEnd(ResponsesEncoder, cannotWrite);
    expect(await ask(gateway, 'gpt-only')).toMatchObject({ isWhole: false });
    expect(await gateway.ended()).toMatchObject({
      endReason: 'rejected',
      fault: 'answer_too_large',
      attempts: [{ outcome: 'ok' }],
    });
  });

  it('at a whole answer is a 500, and its stack is in the log', async () => {
    gateway.openai.script(openAi.answersText('Hello'));
    vi.spyOn(chatCompletions, 'answer').mockImplementation(() => {
      throw new TypeError('a bug');
    });
    const response = await gateway.complete({ stream: false });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { code: 'internal_error' } });
    expect(gateway.log.text).toContain('request failed');
    expect(gateway.log.text).toContain('throwing-encoder.e2e-spec');
  });
});

interface EncoderClass {
  readonly prototype: { encode(event: StreamEvent, frames: never[]): void };
}

const aBug = (): Error => new TypeError('a bug');
const cannotWrite = (): Error => new GatewayError('answer_too_large');

function throwAtEnd({ prototype }: EncoderClass, error = aBug): void {
  const encode = Reflect.get(prototype, 'encode');
  vi.spyOn(prototype, 'encode').mockImplementation(function (this: unknown, event, frames) {
    if (event.parts.some(({ type }) => type === 'end')) throw error();
    Reflect.apply(encode, this, [event, frames]);
  });
}
