import type { Dispatcher } from 'undici';
import { GatewayError } from '../../../contract/gateway-error.js';
import { decodedBody, encodingOf } from './decoded-body.js';
import { cutFault } from '../errors/upstream-fault.js';

/** What is read from the upstream's connection before anyone asks for it, per stream. */
const READ_AHEAD_BYTES = 32 * 1024;

/** What may follow the last event we wanted (a final chunk, `[DONE]`) before the connection is given up. */
const LEFTOVER = { bytes: 16 * 1024, ms: 1000 };

/** A header that came more than once is a list, whichever it is. */
export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The response to one request, from before it begins until its last byte. undici calls its `on…`
 * methods; its `request()` would put a Node.js stream in between, which costs a tick, a promise and
 * two events for every chunk.
 */
export class UpstreamResponse
  implements Dispatcher.DispatchHandler, AsyncIterable<Uint8Array, undefined>
{
  statusCode = 0;
  headers: UpstreamHeaders = {};
  readonly #begun = Promise.withResolvers<void>();
  readonly #onAbort = () => this.#fail(GatewayError.from(this.signal.reason));
  #controller: Dispatcher.DispatchController | undefined;
  #pieces: Uint8Array[] = [];
  #waitingBytes = 0;
  #isComplete = false;
  #failure: Error | undefined;
  /** Settles the wait of a reader that has nothing to read. */
  #wake: (() => void) | undefined;
  /** Its reader is gone; so many bytes may still come. */
  #leftoverBytes: number | undefined;
  #giveUp: NodeJS.Timeout | undefined;

  /**
   * @param signal not yet aborted; closes the connection at once, in every phase
   * @param brokenBy asked at the end of the response: what broke the connection, if that was the end
   */
  constructor(
    private readonly backend: string,
    private readonly signal: AbortSignal,
    private readonly brokenBy: () => Error | undefined,
  ) {
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Resolves with the status and headers; rejects when there is no response. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** What has arrived, as soon as something has; single-use. Throws `upstream_cut` when the connection breaks. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    const encoding = encodingOf(this.headers['content-encoding']);
    return encoding === undefined ? this.#bytes() : this.#decoded(encoding);
  }

  #bytes(): AsyncIterator<Uint8Array, undefined> {
    const take = () => this.#take();
    return {
      next: () => this.#arrival().then(take),
      return: () => {
        this.#leave();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** What cannot be decoded is not read on. */
  async *#decoded(encoding: string): AsyncGenerator<Uint8Array, undefined> {
    try {
      yield* decodedBody(this.backend, encoding, this.#bytes(), this.signal);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  /** Closes the connection. */
  destroy(): void {
    this.#fail(new Error('The response was not wanted.'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It was given up while it waited for a connection.
    if (this.#failure) controller.abort(this.#failure);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: UpstreamHeaders,
  ): void {
    // They hold on to the bytes that they were read in: 4 KiB for as long as the stream lasts.
    controller.rawHeaders = null;
    // 1xx only announce.
    if (statusCode < 200) return;
    this.statusCode = statusCode;
    this.headers = headers;
    this.#begun.resolve();
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Uint8Array): void {
    if (this.#leftoverBytes !== undefined) {
      this.#leftoverBytes -= piece.byteLength;
      if (this.#leftoverBytes < 0) this.destroy();
      return;
    }
    this.#pieces.push(piece);
    this.#waitingBytes += piece.byteLength;
    if (this.#waitingBytes >= READ_AHEAD_BYTES) controller.pause();
    this.#wake?.();
  }

  onResponseEnd(): void {
    this.#failure ??= this.brokenBy();
    this.#isComplete = this.#failure === undefined;
    this.#settled();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#failure ??= error;
    this.#settled();
  }

  get #isReadable(): boolean {
    return this.#pieces.length > 0 || this.#isComplete || this.#failure !== undefined;
  }

  /** undici delivers in one go whatever one read of the socket brought: it is taken in one go, too. */
  #take(): IteratorResult<Uint8Array, undefined> {
    const pieces = this.#pieces;
    if (pieces.length > 0) {
      this.#pieces = [];
      this.#waitingBytes = 0;
      return { done: false, value: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces) };
    }
    if (this.#failure) throw cutFault(this.backend, this.#failure);
    return { done: true, value: undefined };
  }

  /** A connection that had to wait goes on only when there is nothing left to read. */
  #arrival(): Promise<void> {
    if (!this.#isReadable) this.#controller?.resume();
    if (this.#isReadable) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Reads a small rest, so that the connection can be used again; a longer rest, or a silent one, closes it. */
  #leave(): void {
    if (this.#isComplete || this.#failure) return;
    this.#leftoverBytes = LEFTOVER.bytes - this.#waitingBytes;
    this.#pieces = [];
    this.#controller?.resume();
    this.#giveUp = setTimeout(() => this.destroy(), LEFTOVER.ms).unref();
  }

  /** Whatever has arrived and was not read is not wanted any more. */
  #fail(reason: Error): void {
    if (this.#isComplete || this.#failure) return;
    this.#failure = reason;
    this.#pieces = [];
    this.#controller?.abort(reason);
    this.#settled();
  }

  #settled(): void {
    this.signal.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#giveUp);
    if (this.#failure) this.#begun.reject(this.#failure);
    this.#wake?.();
  }
}

/** The upstream's own id of the request, for a talk with its support. */
export function requestIdOf(headers: UpstreamHeaders): string | undefined {
  // OpenAI and most; Anthropic; Azure.
  const id = headers['x-request-id'] ?? headers['request-id'] ?? headers['apim-request-id'];
  return Array.isArray(id) ? id[0] : id;
}
