import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Takes whatever spans it is sent, and counts them. In the bench's own process, which is not measured. */
export class SpanReceiver {
  spans = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      request.setEncoding('utf8');
      let text = '';
      request.on('data', (piece: string) => (text += piece));
      request.on('end', () => {
        this.spans += text.split('"spanId"').length - 1;
        response.end('{}');
      });
    });
  }

  static async start(): Promise<SpanReceiver> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SpanReceiver(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
