import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Passes TCP on to a port, what comes back `delayMs` later. */
export class DelayingProxy {
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    public delayMs: number,
  ) {}

  static async start(port: number, delayMs: number): Promise<DelayingProxy> {
    const server = createServer();
    const proxy = new DelayingProxy(server, delayMs);
    server.on('connection', (socket) => proxy.#pass(socket, connect(port, '127.0.0.1')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
    near.on('data', (data) => far.write(data));
    far.on(
      'data',
      (data) => void setTimeout(() => near.writable && near.write(data), this.delayMs),
    );
  }
}
