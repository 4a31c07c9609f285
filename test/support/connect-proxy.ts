import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { urlOf } from './url-of.js';

/** A forward proxy that tunnels every CONNECT to one place, whatever host was asked for. */
export class ConnectProxy {
  /** Hosts that were asked for, in order. */
  readonly hosts: string[] = [];

  private constructor(
    readonly url: string,
    readonly close: () => Promise<void>,
  ) {}

  static async start(destination: string): Promise<ConnectProxy> {
    const { hostname, port } = new URL(destination);
    const sockets = new Set<Socket>();
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new ConnectProxy(urlOf(server), async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    server.on('connect', (request, client: Socket) => {
      proxy.hosts.push(request.url ?? '');
      const upstream = connect(Number(port), hostname, () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => {});
      }
    });
    return proxy;
  }
}
