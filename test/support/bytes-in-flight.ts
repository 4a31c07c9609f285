import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Looks, in every turn of the event loop, at how many bytes of one stream Sluice holds: read from
 * the upstream's socket and not yet accepted by the caller's. Kernel buffers are not among them.
 */
export class BytesInFlight {
  readonly #samples: Sample[] = [];
  #stillSince = 0;
  #watching = true;

  private constructor(
    private readonly upstream: Socket,
    private readonly caller: Socket,
  ) {
    void this.#watch();
  }

  /** Watches the next connection to `server` and the next one to the upstream, whose requests come after this. */
  static async watch(server: Server, upstreamUrl: string): Promise<BytesInFlight> {
    const [upstream, [caller]] = await Promise.all([
      connectionTo(upstreamUrl),
      once(server, 'connection') as Promise<[Socket]>,
    ]);
    return new BytesInFlight(upstream, caller);
  }

  /** Resolves once bytes wait for the caller and, for `ms`, nothing more was read from the upstream. */
  async pullsStopped(ms = 200): Promise<void> {
    while (this.caller.writableLength === 0 || performance.now() - this.#stillSince < ms) {
      if (!this.#watching) throw new Error('The pulls never stopped.');
      await nextTurn();
    }
  }

  stop(): void {
    this.#watching = false;
  }

  /**
   * The most that was held at any time. A token has one size on the upstream's wire and another on
   * the caller's: only the end of a whole answer tells how much of what was read had been written.
   */
  most(): number {
    this.stop();
    const readPerWritten = this.upstream.bytesRead / this.caller.bytesWritten;
    let most = 0;
    for (const { read, written, waiting } of this.#samples) {
      most = Math.max(most, read - written * readPerWritten + waiting);
    }
    return most;
  }

  async #watch(): Promise<void> {
    let lastRead = 0;
    while (this.#watching) {
      const read = this.upstream.bytesRead;
      if (read !== lastRead) {
        lastRead = read;
        this.#stillSince = performance.now();
        // `bytesWritten` counts what waits in the socket as well.
        const { bytesWritten: written, writableLength: waiting } = this.caller;
        this.#samples.push({ read, written, waiting });
      }
      await nextTurn();
    }
  }
}

interface Sample {
  readonly read: number;
  readonly written: number;
  readonly waiting: number;
}

/** The next connection that undici makes to `url`. */
function connectionTo(url: string): Promise<Socket> {
  const { port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<Socket>();
  diagnostics.subscribe('undici:client:connected', function onConnected(message) {
    const { connectParams, socket } = message as Connected;
    if (connectParams.port !== port) return;
    diagnostics.unsubscribe('undici:client:connected', onConnected);
    resolve(socket);
  });
  return promise;
}

interface Connected {
  readonly connectParams: { readonly port: string };
  readonly socket: Socket;
}
