import type { Socket } from 'node:net';

/** The bytes of a socket by lines and counts; nothing is read that was not asked for. */
export class SocketBytes {
  readonly #pieces: AsyncIterator<Buffer>;
  #open: Buffer = Buffer.alloc(0);
  #failed = false;

  constructor(socket: Socket) {
    this.#pieces = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  /** The connection ended with an error (a reset). */
  get failed(): boolean {
    return this.#failed;
  }

  /** The next line without its CRLF; nothing when the connection ended before the line did. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#open.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#open.subarray(0, end).toString('latin1');
        this.#open = this.#open.subarray(end + 2);
        return line;
      }
      const piece = await this.#pull();
      if (!piece) return undefined;
      this.#open = Buffer.concat([this.#open, piece]);
    }
  }

  /** `size` bytes as they come; returns whether they all came. */
  async *take(size: number): AsyncGenerator<Buffer, boolean> {
    for (let left = size; left > 0;) {
      if (this.#open.length === 0) {
        const piece = await this.#pull();
        if (!piece) return false;
        this.#open = piece;
      }
      const piece = this.#open.subarray(0, left);
      this.#open = this.#open.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
    return true;
  }

  async #pull(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#pieces.next();
      return done ? undefined : value;
    } catch {
      this.#failed = true;
      return undefined;
    }
  }
}
