import type { StreamChunk } from '../../contract/stream-chunk.js';
import { SseDecoder } from '../shared/sse-decoder.js';
import type { StreamSource } from '../shared/stream-source.js';
import { cutFault } from '../shared/upstream-bytes.js';
import { OpenAiEventMapper } from './openai-event-mapper.js';

/** How long the usage event and `[DONE]` may take after the finish reason. */
const AFTER_FINISH_MS = 1000;

/**
 * The body of a streamed Chat Completion as chunks. A finish reason makes the answer whole: after
 * it `[DONE]`, EOF, a reset or a second of silence all end it well. Without one nothing does.
 * @throws GatewayError `upstream_cut`, `upstream_protocol`, or what an in-band error means
 */
export async function* readOpenAiStream(
  bytes: AsyncIterable<Uint8Array>,
  source: StreamSource,
): AsyncGenerator<StreamChunk> {
  const events = new SseDecoder(source.backend);
  const mapper = new OpenAiEventMapper(source);
  const reader = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await (mapper.finished ? untilSilent(reader) : readOrCut(reader, source));
      if (piece === undefined) break;
      for (const { data } of events.decode(piece)) {
        if (data === '[DONE]') {
          if (!mapper.finished) throw cutFault(source.backend);
          yield mapper.end();
          return;
        }
        yield* mapper.map(data);
      }
    }
    if (!mapper.finished) throw cutFault(source.backend);
    yield mapper.end();
  } finally {
    await reader.return?.();
  }
}

async function readOrCut(
  reader: AsyncIterator<Uint8Array>,
  { backend }: StreamSource,
): Promise<Uint8Array | undefined> {
  try {
    const { done, value } = await reader.next();
    return done ? undefined : value;
  } catch (error) {
    throw cutFault(backend, error);
  }
}

async function untilSilent(reader: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, AFTER_FINISH_MS, undefined);
  });
  const piece = reader.next().then(
    ({ done, value }) => (done ? undefined : value),
    () => undefined,
  );
  return Promise.race([piece, silence]).finally(() => clearTimeout(timer));
}
