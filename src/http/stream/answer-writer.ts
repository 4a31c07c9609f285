import { setTimeout as pause } from 'node:timers/promises';
import type { Response } from 'express';
import { type Observable, type Subscriber, Subscription } from 'rxjs';
import { type ChatAnswer, isBatch } from '../../contract/chat-answer.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { EventBatch } from '../../contract/event-batch.js';
import type { Dialect, StreamEncoder } from '../dialects/dialect.js';
import { setTargetHeaders } from '../generation-headers.js';
import type { FrameSink } from './frame-sink.js';
import type { Answering } from './generation-starter.js';

/** How long what failed may take to let go of its upstream before the caller is told. */
const LET_GO_MS = 250;

/**
 * Writes the answer to one request, in any dialect: opens its stream, fills silence, and ends it
 * once. What fails before the response is committed goes to the exception filter, afterwards it is
 * told in-band.
 */
export class AnswerWriter<Options, Frame> implements Disposable {
  readonly #subscription = new Subscription();
  #answering: Answering<Options> | undefined;
  #encoder: StreamEncoder<Frame> | undefined;
  /** The encoder's first frame, as long as it is not written. */
  #opening: Frame | undefined;
  #commit: Disposable | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #isComplete = false;

  constructor(
    private readonly dialect: Dialect<Options, Frame>,
    private readonly sink: FrameSink<Frame>,
    private readonly response: Response,
    private readonly subscriber: Subscriber<unknown>,
  ) {}

  /** Takes what a handler returns, and writes what comes of it. */
  listenTo(handler: Observable<Answering<Options>>): void {
    const { context } = this.response.locals;
    // Its caller left while it waited behind others of its connection: the handler is not asked.
    if (context.signal.aborted) return this.sink.end();
    context.writtenBy(this);
    this.#subscription.add(
      handler.subscribe({
        next: (answering) => this.#begin(answering),
        error: (error) => this.#tell(error),
      }),
    );
  }

  /** Ends the answer by a bug of ours; does nothing when it has ended. */
  fail(failure: unknown): void {
    if (this.#subscription.closed) return;
    const over = this.#answering?.generation.fail(failure);
    this.#subscription.unsubscribe();
    this.#tellOnce(over, failure).catch(() => this.response.destroy());
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#commit?.[Symbol.dispose]();
    clearInterval(this.#heartbeat);
    if (!this.#isComplete) this.response.locals.context.abort();
  }

  #begin(answering: Answering<Options>): void {
    this.#answering = answering;
    const { record, route } = answering.generation;
    if (record.streaming) {
      const encoder = this.dialect.encoder(answering.options, record);
      this.#encoder = encoder;
      this.#opening = encoder.opening;
      this.#startTimers(encoder, route.streams);
    }
    this.#subscription.add(
      answering.emitted.subscribe({
        next: (value) => this.#write(value),
        error: (error) => this.#tell(error),
        complete: () => {
          this.#isComplete = true;
          this.sink.end();
        },
      }),
    );
  }

  #startTimers(
    encoder: StreamEncoder<Frame>,
    { commitAfterMs, heartbeatMs }: { commitAfterMs: number; heartbeatMs: number },
  ): void {
    this.#commit =
      encoder.opening === undefined
        ? setTimeout(() => this.sink.fill(encoder.heartbeat()), commitAfterMs)
        : // What fails without an upstream, as where all targets are left alone, fails within this
          // turn: opened in it, a stream would answer with a 200 what has a status of its own.
          setImmediate(() => this.#send([]));
    this.#heartbeat = setInterval(() => {
      const { headersSent, writableNeedDrain } = this.response;
      // A caller that does not take what is there needs no more of it.
      if (headersSent && !writableNeedDrain) this.sink.fill(encoder.heartbeat());
    }, heartbeatMs);
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
  #writeBatch(batch: EventBatch): void {
    const frames: Frame[] = [];
    try {
      for (const event of batch.events) this.#encoder?.encode(event, frames);
    } finally {
      // Also what comes before an event that cannot be written.
      this.#send(frames);
    }
  }

  #writeWhole(answer: ChatAnswer): void {
    const { response } = this;
    const { generation, options } = this.#answering!;
    setTargetHeaders(response, generation.record);
    response.status(200).json(this.dialect.answer?.(answer, options));
  }

  #send(frames: Frame[]): void {
    if (this.#opening !== undefined) frames.unshift(this.#opening);
    if (frames.length === 0) return;
    this.#opening = undefined;
    this.#commit?.[Symbol.dispose]();
    this.#commit = undefined;
    this.sink.write(frames);
    this.#heartbeat?.refresh();
  }

  #tell(failure: unknown): void {
    const { context } = this.response.locals;
    // A caller that left cannot be told.
    if (context.signal.aborted) return this.sink.end();
    if (!this.response.headersSent || !this.#encoder) return this.subscriber.error(failure);
    this.#send([]);
    const about = { requestId: context.id, record: context.record };
    this.sink.fail(this.#encoder.failed(GatewayError.from(failure), about));
  }

  /** By then the attempt that ran is recorded; should it hang, the caller must not hang with it. */
  async #tellOnce(over: Promise<void> | undefined, failure: unknown): Promise<void> {
    await Promise.race([over, pause(LET_GO_MS, undefined, { ref: false })]);
    this.#tell(failure);
  }
}
