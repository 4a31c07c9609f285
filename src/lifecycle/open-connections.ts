import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections of callers. Node's own `closeIdleConnections` will not do: it lacks those that
 * have not sent a request yet, and takes a response for over that was ended but not yet taken by a
 * slow caller, whose answer it cuts.
 */
export class OpenConnections {
  readonly #sockets = new Map<Socket, 'new' | 'busy' | 'idle'>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#sockets.set(socket, 'new');
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.#sockets.set(socket, 'busy');
      response.once('close', () => {
        if (this.#sockets.has(socket)) this.#sockets.set(socket, 'idle');
      });
    });
  }

  /** Something was written that some caller has not taken yet. */
  get hasBytesWaiting(): boolean {
    for (const { writableLength } of this.#sockets.keys()) if (writableLength > 0) return true;
    return false;
  }

  /** Closes those between two requests. */
  closeIdle(): void {
    for (const [socket, state] of this.#sockets) if (state === 'idle') socket.destroy();
  }

  destroyAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }
}
