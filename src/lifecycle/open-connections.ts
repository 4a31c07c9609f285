import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of callers, also those that have not sent a request yet: Node's own list of idle ones lacks them. */
export class OpenConnections {
  readonly #sockets = new Set<Socket>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Something was written that some caller has not taken yet. */
  get hasBytesWaiting(): boolean {
    for (const { writableLength } of this.#sockets) if (writableLength > 0) return true;
    return false;
  }

  /** Closes those between two requests. */
  closeIdle(): void {
    this.server.closeIdleConnections();
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
