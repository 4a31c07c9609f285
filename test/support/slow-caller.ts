import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SocketBytes } from './socket-bytes.js';

export interface CallerRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is a string, else as JSON. */
  readonly body?: unknown;
}

/**
 * A caller on a bare socket: it reads only when the test says so, so that the kernel's buffers fill
 * up as they do behind a slow network. One connection, one request after the other.
 */
export class SlowCaller {
  readonly #bytes: SocketBytes;
  /** Resolves once the connection is gone, whoever closed it. */
  readonly closed: Promise<void>;

  private constructor(
    private readonly socket: Socket,
    private readonly host: string,
  ) {
    // A reset is an end like any other for the tests; reading says how a response ended.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#bytes = new SocketBytes(socket);
  }

  /**
   * @param url of the server, such as `http://127.0.0.1:3000`
   * @param localAddress that the server sees, such as `127.0.0.2`
   */
  static async connect(url: string, localAddress?: string): Promise<SlowCaller> {
    const { hostname, port, host } = new URL(url);
    const from = localAddress === undefined ? {} : { localAddress };
    const socket = connect({ host: hostname, port: Number(port), ...from });
    await once(socket, 'connect');
    return new SlowCaller(socket, host);
  }

  /** Sends a request and reads nothing of the response. */
  send({ method, path, headers = {}, body }: CallerRequest): CallerResponse {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const fields = {
      host: this.host,
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(text)),
      }),
      ...headers,
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const verb = method ?? (text === undefined ? 'GET' : 'POST');
    this.socket.write(`${verb} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text ?? ''}`);
    return new CallerResponse(this.#bytes, verb);
  }

  /** Sends bytes as they are, and takes what comes for the response to a POST. */
  write(bytes: string | Buffer): CallerResponse {
    this.socket.write(bytes);
    return new CallerResponse(this.#bytes, 'POST');
  }

  /** Says that it will send nothing more, and still reads. */
  halfClose(): void {
    this.socket.end();
  }

  /** Closes the connection; unread bytes make it a reset. */
  leave(): void {
    this.socket.destroy();
  }

  /** Closes the connection with RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

export interface ResponseHead {
  readonly status: number;
  /** By lower-case name; repeated ones joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A response, read piece by piece. */
export class CallerResponse {
  #head: Promise<ResponseHead> | undefined;
  #pieces: AsyncGenerator<Buffer> | undefined;
  /** Body bytes that came with a piece but were not asked for yet. */
  #over: Buffer = Buffer.alloc(0);
  #ended = false;
  #cleanEnd = false;
  readonly #read: Buffer[] = [];

  constructor(
    private readonly bytes: SocketBytes,
    private readonly method: string,
  ) {}

  /** Nothing more will come of this response. */
  get ended(): boolean {
    return this.#ended;
  }

  /** It ended with the final zero-length chunk, or with the last byte of its content-length. */
  get cleanEnd(): boolean {
    return this.#cleanEnd;
  }

  /** The decoded body as far as it was read. */
  get text(): string {
    return Buffer.concat(this.#read).toString('utf8');
  }

  /** Status and headers. Rejects when the connection ended before them. */
  head(): Promise<ResponseHead> {
    return (this.#head ??= this.#readHead());
  }

  /** The next `size` bytes of the decoded body, fewer only at its end. */
  async read(size: number): Promise<Buffer> {
    const pieces: Buffer[] = [this.#over];
    let length = this.#over.length;
    while (length < size) {
      const piece = await this.#nextPiece();
      if (!piece) break;
      pieces.push(piece);
      length += piece.length;
    }
    const all = Buffer.concat(pieces);
    this.#over = all.subarray(size);
    return this.#remember(all.subarray(0, size));
  }

  /** What comes next of the decoded body, however little, without remembering it; empty at its end. */
  async some(): Promise<Buffer> {
    for (;;) {
      const piece = await this.#nextPiece();
      if (!piece) return Buffer.alloc(0);
      if (piece.length > 0) return piece;
    }
  }

  /** Everything up to the end, clean or not. Returns the whole body as text. */
  async rest(): Promise<string> {
    while ((await this.read(64 * 1024)).length > 0);
    return this.text;
  }

  /** Reads until the decoded body holds `wanted`; returns false when it ended without. */
  async readUntil(wanted: string): Promise<boolean> {
    while (!this.text.includes(wanted)) {
      const size = this.#over.length || (await this.#fill());
      if (size === 0) return false;
      await this.read(size);
    }
    return true;
  }

  async #fill(): Promise<number> {
    this.#over = (await this.#nextPiece()) ?? this.#over;
    return this.#over.length;
  }

  #remember(bytes: Buffer): Buffer {
    this.#read.push(bytes);
    return bytes;
  }

  async #nextPiece(): Promise<Buffer | undefined> {
    const head = await this.head();
    this.#pieces ??= this.#body(head);
    const { done, value } = await this.#pieces.next();
    return done ? undefined : value;
  }

  async #readHead(): Promise<ResponseHead> {
    const status = await this.bytes.line();
    const headers: Record<string, string> = {};
    for (let line = await this.bytes.line(); line !== ''; line = await this.bytes.line()) {
      if (line === undefined) throw new Error('The connection ended before the response began.');
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
    }
    return { status: Number(status?.split(' ')[1]), headers };
  }

  async *#body({ status, headers }: ResponseHead): AsyncGenerator<Buffer> {
    if (this.method === 'HEAD' || status === 204 || status === 304) {
      this.#cleanEnd = true;
    } else if (headers['transfer-encoding'] === 'chunked') {
      this.#cleanEnd = yield* this.#chunks();
    } else if (headers['content-length'] !== undefined) {
      this.#cleanEnd = yield* this.bytes.take(Number(headers['content-length']));
    } else {
      // The end of the connection is the end of the body.
      yield* this.bytes.take(Infinity);
      this.#cleanEnd = !this.bytes.failed;
    }
    this.#ended = true;
  }

  async *#chunks(): AsyncGenerator<Buffer, boolean> {
    for (;;) {
      const line = await this.bytes.line();
      if (line === undefined) return false;
      const size = Number.parseInt(line, 16);
      if (size === 0) return (await this.bytes.line()) === '';
      if (!(yield* this.bytes.take(size))) return false;
      if ((await this.bytes.line()) === undefined) return false;
    }
  }
}
