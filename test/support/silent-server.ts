import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { urlOf } from './url-of.js';

/** A port that takes connections and never says a word, not even a TLS handshake. */
export class SilentServer {
  private constructor(
    /** `https:`, so that a client is still connecting until the handshake is done. */
    readonly url: string,
    /** Resolves once the first connection was made. */
    readonly connected: Promise<void>,
    readonly close: () => Promise<void>,
  ) {}

  static async start(): Promise<SilentServer> {
    const sockets: Socket[] = [];
    const connected = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      // Reading is what notices that the client left.
      socket.resume();
      sockets.push(socket);
      connected.resolve();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SilentServer(
      urlOf(server).replace('http:', 'https:'),
      connected.promise,
      async () => {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
      },
    );
  }
}
