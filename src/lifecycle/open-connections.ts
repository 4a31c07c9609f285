import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections of callers. Node's own `closeIdleConnections` will not do: it lacks those that
 * have not sent a request yet, and takes a response for over that was ended but not yet taken by a
 * slow caller, whose answer it cuts.
 */
export class OpenConnections {
  /** How many requests each is busy with (pipelined ones come before the first is answered); `undefined`: none ever came. */
  readonly #sockets = new Map<Socket, number | undefined>();
  readonly #responses = new Set<ServerResponse>();
  #areLast = false;

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#sockets.set(socket, undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // Before whoever answers it.
    server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      if (this.#areLast) closeAfter(response);
      this.#responses.add(response);
      this.#count(socket, 1);
      response.once('close', () => {
        this.#responses.delete(response);
        this.#count(socket, -1);
      });
    });
  }

  /** Something was written that some caller has not taken yet. */
  get hasBytesWaiting(): boolean {
    for (const { writableLength } of this.#sockets.keys()) if (writableLength > 0) return true;
    return false;
  }

  /** From now on every answer says that it is the last one on its connection: a proxy takes another next time. */
  closeAfterAnswers(): void {
    this.#areLast = true;
    for (const response of this.#responses) if (!response.headersSent) closeAfter(response);
  }

  /** Closes those between two requests. */
  closeIdle(): void {
    for (const [socket, requests] of this.#sockets) if (requests === 0) socket.destroy();
  }

  destroyAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #count(socket: Socket, by: number): void {
    if (this.#sockets.has(socket)) this.#sockets.set(socket, (this.#sockets.get(socket) ?? 0) + by);
  }
}

function closeAfter(response: ServerResponse): void {
  response.setHeader('Connection', 'close');
  const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
  // Nest says `keep-alive` here for its event streams, whatever the response has.
  response.writeHead = (...given: unknown[]) =>
    writeHead(...given.map((each) => (isHeaders(each) ? { ...each, Connection: 'close' } : each)));
}

function isHeaders(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
