import type { JsonObject } from '../../contract/json.js';
import type { ChunkBatch } from '../../contract/stream-chunk.js';
import { batchesOf } from '../shared/batches.js';
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
  bytes: AsyncIterable<Uint8Array, undefined>,
  source: StreamSource,
  onNoise: () => void,
): AsyncGenerator<ChunkBatch> {
  const events = new SseDecoder(source.backend, onNoise);
  const mapper = new OpenAiEventMapper(source, onNoise);
  const mapEvent = ({
    event,
    data,
  }: {
    readonly event?: string | undefined;
    readonly data: string;
  }) => (event === 'error' ? mapper.fail(data) : mapper.map(data));
  const reader = bytes[Symbol.asyncIterator]();
  let finishedAt: number | undefined;
  try {
    for (;;) {
      const { done, value: piece } = await (finishedAt === undefined
        ? reader.next()
        : nextBefore(finishedAt + AFTER_FINISH_MS, reader));
      if (done) break;
      for (const batch of batchesOf(events.decode(piece), mapEvent)) yield batch;
      if (mapper.ended) return;
      if (mapper.finished) finishedAt ??= performance.now();
    }
    if (!mapper.finished) throw cutFault(source.backend);
  } catch (error) {
    // Whatever comes behind the finish reason, the answer is whole.
    if (!mapper.finished) throw error;
  } finally {
    await reader.return?.();
  }
  yield [mapper.end()];
}

/** An answer that came as one event. */
export async function* streamOf(
  event: JsonObject,
  source: StreamSource,
): AsyncGenerator<ChunkBatch> {
  const mapper = new OpenAiEventMapper(source, () => undefined);
  yield [...mapper.map(JSON.stringify(event)), ...mapper.map('[DONE]')];
}

/** After the finish reason the answer is whole: silence until `time` ends it like EOF. */
async function nextBefore(
  time: number,
  reader: AsyncIterator<Uint8Array, undefined>,
): Promise<IteratorResult<Uint8Array, undefined>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<IteratorReturnResult<undefined>>((resolve) => {
    const ended = { done: true, value: undefined } as const;
    timer = setTimeout(resolve, time - performance.now(), ended);
  });
  return Promise.race([reader.next(), late]).finally(() => clearTimeout(timer));
}
