import type { TimedReader } from '../connection/timed-reader.js';

const BARE_JSON = /^[\s\uFEFF]*(?:\{\s*"|\[\s*\{)/;

/** Whether an event stream begins as JSON: some servers say `text/event-stream` of an error, or of a whole answer. */
export function beginsAsJson(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.byteLength, 64);
  return BARE_JSON.test(Buffer.from(bytes.buffer, bytes.byteOffset, length).toString());
}

/** What has been read, and then the rest. */
export async function* bytesFrom(
  first: Uint8Array,
  reader: TimedReader<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for (let piece: Uint8Array | undefined = first; piece; piece = (await reader.read()).value) {
    yield piece;
  }
}
