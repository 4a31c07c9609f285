import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnthropicStream } from '../../src/backends/anthropic/anthropic-stream.js';
import { GatewayError } from '../../src/contract/gateway-error.js';
import type { StreamEvent, StreamPart } from '../../src/contract/stream-event.js';
import { MessagesEncoder } from '../../src/http/dialects/messages/encode-stream.js';
import {
  anthropicEvent,
  blockDelta,
  blockStart,
  blockStop,
  MESSAGE_STOP,
  messageDelta,
  messageStart,
  textDelta,
} from '../support/anthropic-script.js';
import type { StrictStream } from '../support/strict-stream.js';
import { sourceOf } from '../support/upstream-settings.js';
import { deltasOf, strictMessage } from '../support/strict-message.js';
import { generationRecord } from '../support/generation-record.js';

const RECORD = generationRecord({ dialect: 'messages' });
const NOTICES = { malformedEvent() {}, unknownFinishReason() {}, implausibleUsage() {} };

const part: fc.Arbitrary<StreamPart> = fc.oneof(
  fc.string().map((text) => ({ type: 'text-delta' as const, text })),
  fc.string().map((text) => ({ type: 'refusal-delta' as const, text })),
  fc.record({ type: fc.constant('reasoning-delta' as const), text: fc.string() }),
  fc.constantFrom('signature', 'redacted').map((name) => ({
    type: 'reasoning-delta' as const,
    text: '',
    [name]: { provider: 'anthropic' as const, data: 'AAAA' },
  })),
  fc.record({
    type: fc.constant('tool-call-delta' as const),
    index: fc.nat(2),
    id: fc.constant('call'),
    name: fc.constant('f'),
    arguments: fc.constantFrom('', '{', '"a"', ':', '"}"', '1', '}', '{}'),
  }),
);

/** What a server of this kind may send, in any order and numbered in any way. */
const index = fc.nat(2);
const event = fc.oneof(
  fc.constant(messageStart()),
  fc.constant({ type: 'ping' }),
  fc.constant(MESSAGE_STOP),
  fc.constant({ type: 'of_tomorrow' }),
  fc.constantFrom('end_turn', 'tool_use', 'pause_turn').map((reason) => messageDelta(reason)),
  index.map((n) => blockStart(n)),
  index.map((n) => blockStart(n, { type: 'thinking', thinking: '', signature: '' })),
  index.map((n) => blockStart(n, { type: 'tool_use', id: 't', name: 'f', input: {} })),
  index.map((n) => blockStart(n, { type: 'tool_use', name: 'f' })),
  index.map((n) => blockDelta(n, { type: 'input_json_delta', partial_json: { a: 1 } })),
  fc.constant({ type: 'message_delta', delta: { stop_reason: 'end_turn' } }),
  index.map((n) => blockStart(n, { type: 'server_tool_use', id: 's', name: 'w', input: {} })),
  index.map((n) => blockStop(n)),
  fc.tuple(fc.string(), index).map(([text, n]) => textDelta(text, n)),
  index.map((n) => blockDelta(n, { type: 'thinking_delta', thinking: 'x' })),
  index.map((n) => blockDelta(n, { type: 'signature_delta', signature: 'x' })),
  index.map((n) => blockDelta(n, { type: 'input_json_delta', partial_json: '{}' })),
);

describe('A streamed Message', () => {
  it('keeps its grammar, and all that was said, whatever comes in whatever order, or fails', () => {
    const property = fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const start = { type: 'start', id: 'i', model: 'm', backend: 'b' } as const;
      const end = { type: 'end', reason: 'stop' } as const;
      const told = ended(() =>
        strictMessage(encoded([{ parts: [start, ...parts, end] }]), 'clean'),
      );
      if (told instanceof GatewayError) return true;
      const said = parts.map((each) =>
        each.type === 'text-delta' || each.type === 'refusal-delta' ? each.text : '',
      );
      const { events }: StrictStream = told;
      return (
        deltasOf(events, 'text_delta')
          .map(({ text }) => text)
          .join('') === said.join('')
      );
    });
    expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
  });

  it('keeps it over any server of Anthropic’s kind, or fails', async () => {
    const property = fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
      const read: StreamEvent[] = [];
      const bytes = Buffer.from([messageStart(), ...events].map(anthropicEvent).join(''));
      const reading = async () => {
        for await (const batch of readAnthropicStream(one(bytes), sourceOf(), NOTICES)) {
          read.push(...batch.events);
        }
        return strictMessage(encoded(read), 'clean');
      };
      // A failure is one that callers are told, never a bug of ours.
      const outcome = await reading().catch((error: unknown) => error);
      return outcome instanceof GatewayError || !(outcome instanceof Error);
    });
    await expect(fc.assert(property, { numRuns: 1000 })).resolves.toBeUndefined();
  });
});

/** What it returns, or what it throws for callers to be told. */
function ended<T>(act: () => T): T | GatewayError {
  try {
    return act();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  yield bytes;
}

function encoded(events: readonly StreamEvent[]): string {
  const encoder = new MessagesEncoder(RECORD);
  const frames: string[] = [];
  for (const each of events) encoder.encode(each, frames);
  // What the protocol may have one day is passed on wherever it stands.
  return frames.filter((frame) => !frame.includes('of_tomorrow')).join('');
}
