import type { StreamChunk } from '../../contract/stream-chunk.js';
import { SseDecoder } from '../shared/sse-decoder.js';
import type { StreamSource } from '../shared/stream-source.js';
import { cutFault } from '../shared/upstream-fault.js';
import { OpenAiEventMapper } from './openai-event-mapper.js';

/** How long the usage event and `[DONE]` may take after the finish reason. */
const AFTER_FINISH_MS = 1000;

/**
 * The body of a streamed Chat Completion as chunks. A finish reason makes the answer whole: after
 * it `[DONE]`, EOF, a reset or a second without them all end it well. Without one nothing does.
 * @param onNoise called for everything that is no event of this protocol; it is skipped
 * @throws GatewayError `upstream_cut`, `upstream_protocol`, or what an in-band error means
 */
export async function* readOpenAiStream(
  bytes: AsyncIterable<Uint8Array>,
  source: StreamSource,
  onNoise: () => void,
): AsyncGenerator<StreamChunk> {
  const events = new SseDecoder(source.backend, onNoise);
  const mapper = new OpenAiEventMapper(source, onNoise);
  const reader = bytes[Symbol.asyncIterator]();
  let finishedAt: number | undefined;
  try {
    for (;;) {
      const piece = await (finishedAt === undefined
        ? readOrCut(reader, source)
        : readUntil(finishedAt + AFTER_FINISH_MS, reader));
      if (piece === undefined) break;
      for (const { data } of events.decode(piece)) {
        if (data === '[DONE]') {
          if (!mapper.finished) throw cutFault(source.backend);
          yield mapper.end();
          return;
        }
        for (const chunk of mapper.map(data)) yield chunk;
      }
      if (mapper.finished) finishedAt ??= performance.now();
    }
    if (!mapper.finished) throw cutFault(source.backend);
    yield mapper.end();
  } catch (error) {
    // Whatever comes behind the finish reason, the answer is whole.
    if (!mapper.finished) throw error;
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

/** Nothing more is owed to the answer: whatever ends the wait for `piece` ends it well. */
async function readUntil(
  time: number,
  reader: AsyncIterator<Uint8Array>,
): Promise<Uint8Array | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, time - performance.now(), undefined);
  });
  const piece = reader.next().then(
    ({ done, value }) => (done ? undefined : value),
    () => undefined,
  );
  return Promise.race([piece, late]).finally(() => clearTimeout(timer));
}
