import type { JsonObject } from '../../src/contract/json.js';
import { BodyReader } from './body-reader.js';
import type { Gateway } from './gateway.js';
import { strictMessage } from './strict-message.js';
import type { StrictStream } from './strict-stream.js';
import { within } from './within.js';

/** A request to `POST /v1/messages`, for a stream unless `fields` say otherwise. */
export function askMessages(
  gateway: Gateway,
  fields: JsonObject = {},
  headers?: Record<string, string>,
): Promise<Response> {
  const messages = [{ role: 'user', content: 'Hi' }];
  const body = { model: 'gpt-only', max_tokens: 64, stream: true, messages, ...fields };
  return gateway.post('/v1/messages', body, headers);
}

/** Reads a streamed Message to its end, strictly. */
export async function readMessage(asking: Promise<Response>): Promise<StrictStream> {
  const reader = new BodyReader(await asking);
  await within(reader.all(), 'the stream ends');
  return strictMessage(reader.raw, reader.ended!);
}

/** The blocks of a streamed message, each with its pieces joined. */
export function blocksOf({ events }: StrictStream): readonly JsonObject[] {
  const blocks: Record<string, unknown>[] = [];
  for (const { type, data } of events) {
    if (type === 'content_block_start') blocks.push({ ...(data['content_block'] as JsonObject) });
    if (type !== 'content_block_delta') continue;
    const { type: _, ...delta } = data['delta'] as Record<string, string>;
    const block = blocks.at(-1)!;
    for (const [name, piece] of Object.entries(delta)) {
      block[name] = `${typeof block[name] === 'string' ? block[name] : ''}${piece}`;
    }
  }
  return blocks;
}

/** What `message_delta` says. */
export function endOf({ events }: StrictStream): JsonObject {
  return events.find(({ type }) => type === 'message_delta')!.data;
}
