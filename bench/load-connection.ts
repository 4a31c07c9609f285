import { connect, type Socket } from 'node:net';
import { ResponseReader } from './response-reader.ts';

/** Bytes of all connections land here: each read is looked at before the next one happens. */
const READ_BUFFER = Buffer.allocUnsafe(64 * 1024);

/** Hears of what arrived: how many events it completed. */
export type OnEvents = (completed: number, connection: LoadConnection) => void;

/** One keep-alive connection to what is measured: one request at a time. */
export class LoadConnection {
  readonly reader = new ResponseReader();
  readonly #socket: Socket;
  #response = Promise.withResolvers<void>();
  #onEvents: OnEvents | undefined;

  constructor(port: number) {
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (bytes) => this.#read(READ_BUFFER.subarray(0, bytes)),
      },
    });
    this.#socket.on('error', () => {});
    this.#socket.once('close', () => this.#response.reject(new Error('The connection was lost.')));
  }

  /** Resolves when the response is complete; the reader knows what it was. */
  request(message: string, onEvents?: OnEvents): Promise<void> {
    this.reader.reset();
    this.#onEvents = onEvents;
    this.#response = Promise.withResolvers();
    this.#socket.write(message);
    return this.#response.promise;
  }

  /** Reads no more. */
  stall(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): boolean {
    const before = this.reader.events;
    const isComplete = this.reader.read(bytes);
    const completed = this.reader.events - before;
    if (completed > 0) this.#onEvents?.(completed, this);
    if (isComplete) this.#response.resolve();
    return true;
  }
}
