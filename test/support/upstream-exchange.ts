import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { isJsonObject, type JsonObject } from '../../src/contract/json.js';

/** A request as the upstream saw it. */
export class UpstreamRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's JSON; `{}` when it is not a JSON object. */
  readonly body: JsonObject;
  /** In `performance.now()`'s milliseconds. */
  readonly receivedAt = performance.now();
  /** The caller's port: the same for requests that came over the same connection. */
  readonly socketPort: number;
  /** Resolves when the caller closed the connection before the response was finished. */
  readonly closed: Promise<void>;
  #isClosed = false;

  constructor(
    message: IncomingMessage,
    response: ServerResponse,
    readonly rawBody: string,
  ) {
    this.method = message.method ?? '';
    this.path = message.url ?? '';
    this.headers = message.headers;
    this.body = jsonOf(rawBody);
    this.socketPort = message.socket.remotePort ?? 0;
    this.closed = new Promise((resolve) => {
      response.on('close', () => {
        if (response.writableFinished || brokenByUs.has(response)) return;
        this.#isClosed = true;
        resolve();
      });
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }
}

/** The connection went away under a script. */
export class CallerLeft extends Error {
  constructor(cause?: unknown) {
    super('The caller left before the write was done.', { cause });
  }
}

const brokenByUs = new WeakSet<ServerResponse>();

/** One request and everything a script can do about it. */
export class UpstreamExchange {
  #bytesWritten = 0;

  constructor(
    readonly request: UpstreamRequest,
    private readonly response: ServerResponse,
  ) {}

  /** Bytes of the body that the kernel took. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** A whole answer: JSON, or text as it is. */
  respond(status: number, body: unknown, headers: Record<string, string> = {}): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.response.writeHead(status, { 'content-type': 'application/json', ...headers });
    this.response.end(text);
  }

  /** Status and headers, at once; the body follows in chunks. */
  open(contentType: string, headers: Record<string, string> = {}, status = 200): void {
    this.response.writeHead(status, { 'content-type': contentType, ...headers });
    this.response.flushHeaders();
  }

  /**
   * Resolves once the kernel took it all, so it waits for a caller that does not read.
   * @throws CallerLeft when that never happens
   */
  write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const { response } = this;
      const left = (): void => reject(new CallerLeft());
      if (response.destroyed) return left();
      response.once('close', left);
      response.write(data, (error) => {
        response.off('close', left);
        // A write after our own end is a mistake of the script; anything else is the connection.
        const ours = error && 'code' in error && error.code === 'ERR_STREAM_WRITE_AFTER_END';
        if (error) return reject(ours ? error : new CallerLeft(error));
        this.#bytesWritten += Buffer.byteLength(data);
        resolve();
      });
    });
  }

  /**
   * Every piece in an HTTP chunk of its own, flushed before the next.
   * @param sizes the size of all pieces, or of each; what is over comes as a last piece
   */
  async writeInPieces(data: Uint8Array, sizes: number | readonly number[] = 1): Promise<void> {
    for (let at = 0, n = 0; at < data.length; n += 1) {
      const size = typeof sizes === 'number' ? sizes : (sizes[n] ?? data.length - at);
      if (size > 0) await this.write(data.subarray(at, at + size));
      at += size;
    }
  }

  /** Bytes on the connection itself, below HTTP; resolves once the kernel took them. */
  async writeRaw(bytes: string | Uint8Array): Promise<void> {
    brokenByUs.add(this.response);
    await new Promise<void>((resolve) => this.response.socket?.write(bytes, () => resolve()));
  }

  /** Ends the HTTP body well, whatever the protocol within it was about to say. */
  end(): void {
    this.response.end();
  }

  /** The same as `end()`: says in a script that the protocol's own end is missing. */
  eof(): void {
    this.end();
  }

  /** Closes the connection after what was written, without the final zero-length chunk. */
  cut(): void {
    brokenByUs.add(this.response);
    this.response.socket?.end();
  }

  /** Breaks the connection (RST). */
  reset(): void {
    brokenByUs.add(this.response);
    this.response.socket?.resetAndDestroy();
  }
}

function jsonOf(text: string): JsonObject {
  try {
    const json: unknown = JSON.parse(text);
    return isJsonObject(json) ? json : {};
  } catch {
    return {};
  }
}
