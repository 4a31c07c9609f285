import { isJsonObject, type JsonObject, stringOr } from '../../src/contract/json.js';
import type { BodySource } from './body-reader.js';
import { type SseItem, SseReader } from './sse-reader.js';
import { within } from './within.js';

/** A streamed Chat Completion as its caller read it. */
export interface ReadCompletion {
  /** Every `chat.completion.chunk`, in order. */
  readonly chunks: readonly JsonObject[];
  /** The text of all deltas. */
  readonly text: string;
  /** The `error` of an error frame; it is the last thing in the stream. */
  readonly error: JsonObject | undefined;
  /** `[DONE]` is the last thing in the stream. */
  readonly done: boolean;
  readonly heartbeats: number;
  /** `clean` = with the final zero-length chunk. */
  readonly ended: 'clean' | 'cut' | undefined;
}

/** Reads a stream to its end, whichever it is. */
export async function readCompletion(source: BodySource): Promise<ReadCompletion> {
  const reader = new SseReader(source);
  const items = await within(reader.all(), 'the stream ends');
  return { ...completionOf(items), ended: reader.ended };
}

/** The same for a body that was read already. */
export async function completionIn(body: string): Promise<Omit<ReadCompletion, 'ended'>> {
  const { ended: _, ...completion } = await readCompletion(bytesOf(body));
  return completion;
}

/** The JSON of an event; nothing else may be in it. */
export function chunkOf(item: SseItem | undefined): JsonObject {
  if (item?.data === undefined) throw new Error(`No event, but ${JSON.stringify(item)}.`);
  const { data, ...rest } = item;
  if (Object.keys(rest).length > 0) throw new Error(`More than data: ${JSON.stringify(item)}`);
  const chunk: unknown = JSON.parse(data);
  if (!isJsonObject(chunk)) throw new Error(`Not a JSON object: ${data}`);
  return chunk;
}

/** The first choice's delta. */
export function deltaOf(chunk: JsonObject): JsonObject {
  const choices = chunk['choices'] as readonly { readonly delta: JsonObject }[];
  return choices[0]?.delta ?? {};
}

function completionOf(items: readonly SseItem[]): Omit<ReadCompletion, 'ended'> {
  const events = items.filter(({ comment }) => comment === undefined);
  const done = events.at(-1)?.data === '[DONE]';
  const all = (done ? events.slice(0, -1) : events).map(chunkOf);
  const last = all.at(-1);
  const error = isJsonObject(last?.['error']) ? last['error'] : undefined;
  const chunks = error ? all.slice(0, -1) : all;
  return {
    chunks,
    text: chunks.map((chunk) => stringOr(deltaOf(chunk)['content'], '')).join(''),
    error,
    done,
    heartbeats: items.length - events.length,
  };
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
