import type { EventSourceMessage } from 'eventsource-parser';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import type { JsonObject } from '../../contract/json.js';
import { EventBatch } from '../../contract/event-batch.js';
import { beginsAsJson, bytesFrom } from '../shared/answer/bare-json.js';
import { batchesOf } from '../shared/answer/batches.js';
import { SseDecoder } from '../shared/answer/sse-decoder.js';
import type { StreamSource } from '../shared/connection/stream-source.js';
import { readWholeAnswer } from '../shared/connection/whole-answer.js';
import { TimedReader } from '../shared/connection/timed-reader.js';
import { cutFault } from '../shared/errors/upstream-fault.js';
import type { LateUsage } from './late-usage.js';
import { answerIn } from './openai-answer.js';
import { OpenAiEventMapper } from './openai-event-mapper.js';

/**
 * The body of a streamed Chat Completion as events. A finish reason that is the last word makes the
 * answer whole: after it `[DONE]`, EOF, a reset or a second without them all end it well. One that
 * may not be the last word needs more, see `OpenAiFinish`; without any nothing ends it well.
 * @param notices is told of everything that is no event of this protocol; it is skipped
 * @throws GatewayError `upstream_cut`, `upstream_protocol`, `overloaded`, or what an in-band error means
 */
export function readOpenAiStream(
  bytes: AsyncIterable<Uint8Array, undefined>,
  source: StreamSource,
  notices: UpstreamNotices,
  lateUsage: LateUsage,
): AsyncGenerator<EventBatch> {
  return new OpenAiStream(bytes, source, notices, lateUsage).batches();
}

/**
 * The whole answer of a server that did not stream although it was asked to: one event, and the end.
 * @throws GatewayError at once, as `answerIn`, and `upstream_cut` when its finish reason is a failure
 */
export function streamOf(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): AsyncIterable<EventBatch> {
  answerIn(json, source);
  const mapper = new OpenAiEventMapper(source, notices);
  const events = mapper.mapEvent({ ...json, object: 'chat.completion.chunk' });
  if (mapper.failure) throw mapper.failure;
  return only(new EventBatch([...events, mapper.end()]));
}

async function* only(batch: EventBatch): AsyncGenerator<EventBatch> {
  yield batch;
}

class OpenAiStream {
  readonly #reader: TimedReader<Uint8Array>;
  readonly #events: SseDecoder;
  readonly #mapper: OpenAiEventMapper;
  readonly #map = ({ event, data }: EventSourceMessage) =>
    event === 'error' ? this.#mapper.fail(data) : this.#mapper.map(data);
  /** When the answer was whole, if it is. */
  #wholeAt: number | undefined;
  #endedInSilence = false;

  constructor(
    bytes: AsyncIterable<Uint8Array, undefined>,
    private readonly source: StreamSource,
    private readonly notices: UpstreamNotices,
    private readonly lateUsage: LateUsage,
  ) {
    this.#reader = new TimedReader(bytes);
    this.#events = new SseDecoder(source, () => notices.malformedEvent());
    this.#mapper = new OpenAiEventMapper(source, notices);
  }

  async *batches(): AsyncGenerator<EventBatch> {
    const { finish } = this.#mapper;
    let isFirst = true;
    try {
      for (;;) {
        const read = await this.#read();
        if (read === 'late') break;
        if (isFirst && !read.done && beginsAsJson(read.value)) {
          yield* this.#bareJson(read.value);
          return;
        }
        isFirst = false;
        const arrived = read.done ? this.#events.end() : this.#events.decode(read.value);
        for (const batch of batchesOf(arrived, this.#map)) yield batch;
        if (this.#mapper.failure) throw this.#mapper.failure;
        if (this.#mapper.ended) return;
        if (read.done && !finish.endsAtEof) throw cutFault(this.source.backend);
        if (read.done) break;
        this.#wholeAt = finish.isWhole ? (this.#wholeAt ?? performance.now()) : undefined;
      }
    } catch (error) {
      // Whatever comes behind the last word, the answer is whole.
      if (!finish.isWhole) throw error;
    } finally {
      await this.#leave();
    }
    yield new EventBatch([this.#mapper.end()]);
  }

  /** Some servers say `text/event-stream` of an error, or of a whole answer, that is one piece of JSON. */
  async *#bareJson(first: Uint8Array): AsyncGenerator<EventBatch> {
    const json = await readWholeAnswer(this.source, bytesFrom(first, this.#reader), {});
    yield* streamOf(json, this.source, this.notices);
  }

  async #leave(): Promise<void> {
    const isMissed = this.#endedInSilence && !this.#mapper.hasUsage;
    const searchMs = isMissed ? this.lateUsage.search(this.source.model) : undefined;
    if (searchMs !== undefined) {
      this.#searchUsage(this.#wholeAt! + searchMs).catch(() => undefined);
      return;
    }
    this.#events[Symbol.dispose]();
    await this.#reader.leave();
  }

  async #read(): Promise<IteratorResult<Uint8Array, undefined> | 'late'> {
    if (this.#wholeAt === undefined) return this.#reader.read();
    const { model } = this.source;
    const patienceMs = this.lateUsage.patienceMs(model, this.#mapper.hasUsage);
    const read = await this.#reader.readBefore(this.#wholeAt + patienceMs);
    this.#endedInSilence = read === 'late';
    return read;
  }

  /** Reads on when the caller has its answer, to know whether a usage event comes so late. */
  async #searchUsage(until: number): Promise<void> {
    const { model } = this.source;
    try {
      for (;;) {
        const read = await this.#reader.readBefore(until);
        if (read === 'late' || read.done) break;
        for (const event of this.#events.decode(read.value)) this.#map(event);
        if (this.#mapper.hasUsage || this.#mapper.ended) break;
      }
      this.lateUsage.learned(model, this.#mapper.hasUsage);
    } finally {
      this.#events[Symbol.dispose]();
      await this.#reader.leave();
    }
  }
}
