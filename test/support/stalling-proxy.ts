import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy in front of a server that, for as long as a test says, gets requests and gives no reply. */
export class StallingProxy {
  readonly #connections = new Set<{ readonly caller: Socket; readonly target: Socket }>();
  #isStalling = false;

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (caller) => this.#join(caller));
  }

  static async start(targetPort: number): Promise<StallingProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new StallingProxy(server, targetPort);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on replies stay here. */
  stall(): void {
    this.#isStalling = true;
    for (const { target } of this.#connections) target.pause();
  }

  /** What stayed here is lost; later connections are passed on as they are. */
  recover(): void {
    this.#isStalling = false;
    for (const { caller, target } of this.#connections) {
      caller.destroy();
      target.destroy();
    }
  }

  async close(): Promise<void> {
    this.recover();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(caller: Socket): void {
    const target = connect(this.targetPort, '127.0.0.1');
    const connection = { caller, target };
    this.#connections.add(connection);
    for (const [socket, other] of [
      [caller, target],
      [target, caller],
    ] as const) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#connections.delete(connection);
        other.destroy();
      });
    }
    caller.pipe(target);
    target.on('data', (bytes) => caller.write(bytes));
    if (this.#isStalling) target.pause();
  }
}
