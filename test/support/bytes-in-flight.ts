import diagnostics from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Looks, in every turn of the event loop, at how much of one stream Sluice holds: what was read
 * from the upstream's socket and not yet accepted by the caller's. Kernel buffers are not in it.
 */
export class BytesInFlight {
  #upstream: Socket | undefined;
  #caller: Socket | undefined;
  #readAtLastTurn = 0;
  #stillSince = 0;
  #watching = true;
  #samples: { readonly read: number; readonly accepted: number }[] = [];

  /** @param upstreamUrl where the one upstream connection leads; the next caller's is the one that is watched */
  constructor(server: Server, upstreamUrl: string) {
    const { port } = new URL(upstreamUrl);
    const onConnected = (message: unknown) => {
      const { connectParams, socket } = message as Connected;
      if (connectParams.port === port) this.#upstream = socket;
    };
    diagnostics.subscribe('undici:client:connected', onConnected);
    server.once('connection', (socket) => (this.#caller = socket));
    void this.#watch().finally(() =>
      diagnostics.unsubscribe('undici:client:connected', onConnected),
    );
  }

  get read(): number {
    return this.#upstream?.bytesRead ?? 0;
  }

  get accepted(): number {
    return this.#caller ? this.#caller.bytesWritten - this.#caller.writableLength : 0;
  }

  /** Resolves once bytes wait for the caller and nothing was read from the upstream for `ms`. */
  async pullsStopped(ms = 200): Promise<void> {
    while (!this.#caller?.writableNeedDrain || performance.now() - this.#stillSince < ms) {
      await nextTurn();
    }
  }

  /**
   * The most that was held at any time, in bytes of the upstream. The same token has another size
   * on the caller's wire, so it takes the end of a whole answer to know how many one byte there is.
   */
  most(): number {
    this.#watching = false;
    const perAccepted = this.read / this.accepted;
    return Math.max(...this.#samples.map(({ read, accepted }) => read - accepted * perAccepted));
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      const { read, accepted } = this;
      if (read !== this.#readAtLastTurn) {
        this.#readAtLastTurn = read;
        this.#stillSince = performance.now();
        this.#samples.push({ read, accepted });
      }
      await nextTurn();
    }
  }
}

interface Connected {
  readonly connectParams: { readonly port: string };
  readonly socket: Socket;
}
