import { setTimeout as pause } from 'node:timers/promises';
import type { Response } from 'express';
import { type Observable, type Subscriber, Subscription } from 'rxjs';
import { type ChatAnswer, isBatch } from '../../contract/chat-answer.js';
import type { EventBatch } from '../../contract/event-batch.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { ModelRoute } from '../../generation/routing/route-table.js';
import type { Dialect, StreamEncoder } from '../dialects/dialect.js';
import { setCostHeader, setTargetHeaders } from '../generation-headers.js';
import type { FrameSink } from './frame-sink.js';
import type { StartedGeneration } from './generation-starter.js';
import { StreamTimers } from './stream-timers.js';

/** How long what failed may take to let go of its upstream before the caller is told. */
const LET_GO_MS = 250;

/** A stream that has begun, also before anything of it is written. */
interface OpenStream<Frame> {
  readonly encoder: StreamEncoder<Frame>;
  readonly timers: StreamTimers;
  /** The encoder's first frame, as long as it is not written. */
  opening: Frame | undefined;
  /** When a frame was written, or the stream began. */
  writtenAt: number;
}

/**
 * Writes the answer to one request, in any dialect: opens its stream, fills silence, and ends it
 * once. What fails before the response is committed goes to the exception filter, afterwards it is
 * told in-band.
 */
export class AnswerWriter<Options, Frame> implements Disposable {
  readonly #subscription = new Subscription();
  #started: StartedGeneration<Options> | undefined;
  #stream: OpenStream<Frame> | undefined;
  #isComplete = false;

  constructor(
    private readonly dialect: Dialect<Options, Frame>,
    private readonly sink: FrameSink<Frame>,
    private readonly response: Response,
    private readonly subscriber: Subscriber<unknown>,
  ) {}

  /** Takes what a handler returns, and writes what comes of it. */
  listenTo(handler: Observable<StartedGeneration<Options>>): void {
    const { context } = this.response.locals;
    // Its caller left while it waited behind others of its connection: the handler is not asked.
    if (context.signal.aborted) return this.sink.end();
    context.setWriter(this);
    this.#subscription.add(
      handler.subscribe({
        next: (started) => this.#begin(started),
        error: (error) => this.#reportFailure(error),
      }),
    );
  }

  /** Ends the answer by a bug of ours; does nothing when it has ended. */
  fail(failure: unknown): void {
    if (this.#subscription.closed) return;
    const over = this.#started?.generation.fail(failure);
    this.#subscription.unsubscribe();
    this.#reportAfterRelease(over, failure).catch(() => this.response.destroy());
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#stream?.timers[Symbol.dispose]();
    if (!this.#isComplete) this.response.locals.context.abort();
  }

  #begin(started: StartedGeneration<Options>): void {
    this.#started = started;
    this.sink.decided();
    const { generation, options, emitted } = started;
    const { record, route } = generation;
    if (record.streaming) this.#open(this.dialect.encoder(options, record), route);
    this.#subscription.add(
      emitted.subscribe({
        next: (value) => this.#write(value),
        error: (error) => this.#reportFailure(error),
        complete: () => {
          this.#isComplete = true;
          this.sink.end();
        },
      }),
    );
  }

  #open(encoder: StreamEncoder<Frame>, { streams }: ModelRoute): void {
    const { opening } = encoder;
    const fill = () => {
      this.sink.fill(encoder.heartbeat(performance.now() - stream.writtenAt));
      timers.written();
    };
    const timer =
      opening === undefined
        ? setTimeout(fill, streams.commitAfterMs)
        : // What fails without an upstream, as where all targets are left alone, fails within this
          // turn: opened in it, a stream would answer with a 200 what has a status of its own.
          setImmediate(() => this.#send([]));
    const timers = new StreamTimers(this.response, timer, streams.heartbeatMs, fill);
    const stream = { encoder, timers, opening, writtenAt: performance.now() };
    this.#stream = stream;
  }

  #write(value: EventBatch | ChatAnswer): void {
    try {
      if (isBatch(value)) this.#writeBatch(value);
      else this.#writeWhole(value);
    } catch (error) {
      // Thrown from here it would end the process.
      this.fail(error);
    }
  }

  /** What came in one read leaves in one write. */
  #writeBatch({ events }: EventBatch): void {
    const frames: Frame[] = [];
    try {
      for (const event of events) this.#stream?.encoder.encode(event, frames);
    } finally {
      // Also what comes before an event that cannot be written.
      this.#send(frames);
    }
  }

  #writeWhole(answer: ChatAnswer): void {
    const { response } = this;
    const { generation, options } = this.#started!;
    if (!this.dialect.answer) throw new Error(`${this.dialect.name} has no whole answers.`);
    setTargetHeaders(response, generation.record);
    setCostHeader(response, generation.record);
    response.status(200).json(this.dialect.answer(answer, options));
  }

  #send(frames: Frame[]): void {
    const stream = this.#stream;
    if (!stream) return;
    if (stream.opening !== undefined) frames.unshift(stream.opening);
    if (frames.length === 0) return;
    stream.opening = undefined;
    stream.writtenAt = performance.now();
    this.sink.write(frames);
    stream.timers.written();
  }

  #reportFailure(failure: unknown): void {
    this.sink.decided();
    const { context } = this.response.locals;
    // A caller that left cannot be told.
    if (context.signal.aborted) return this.sink.end();
    const stream = this.#stream;
    if (!this.response.headersSent || !stream) return this.subscriber.error(failure);
    this.#send([]);
    const about = { requestId: context.id, record: context.record };
    this.sink.fail(stream.encoder.failureFrame(GatewayError.from(failure), about));
  }

  /** By then the attempt that ran is recorded; should it hang, the caller must not hang with it. */
  async #reportAfterRelease(over: Promise<void> | undefined, failure: unknown): Promise<void> {
    await Promise.race([over, pause(LET_GO_MS, undefined, { ref: false })]);
    this.#reportFailure(failure);
  }
}
