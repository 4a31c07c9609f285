import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { urlOf } from './url-of.js';

/** A TCP proxy whose connections a test can cut, as a network or a killed process does. */
export class CuttingProxy {
  readonly url: string;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<{ readonly text: string; readonly resolve: () => void }>();
  #passed = '';

  private constructor(
    private readonly server: Server,
    private target: string,
  ) {
    this.url = urlOf(server);
    server.on('connection', (caller) => this.#join(caller));
  }

  /** @param target such as `http://127.0.0.1:3000` */
  static async start(target: string): Promise<CuttingProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CuttingProxy(server, target);
  }

  /** Resolves once the caller was sent `text`. */
  passed(text: string): Promise<void> {
    if (this.#passed.includes(text)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ text, resolve }));
  }

  /** Cuts every connection, behind what was passed on so far; later ones lead to `target`. */
  cut(target = this.target): void {
    this.target = target;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(caller: Socket): void {
    const { hostname, port } = new URL(this.target);
    const target = connect(Number(port), hostname);
    for (const [socket, other] of [
      [caller, target],
      [target, caller],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    caller.pipe(target);
    target.on('data', (bytes: Buffer) => caller.write(bytes, () => this.#note(String(bytes))));
    target.on('end', () => caller.end());
  }

  #note(text: string): void {
    this.#passed += text;
    for (const waiting of this.#waiting) {
      if (this.#passed.includes(waiting.text)) waiting.resolve();
    }
  }
}
