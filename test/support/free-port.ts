import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port for a process that cannot tell which one it got. It lies below what the system gives to
 * outgoing connections and to `listen(0)` (32768 and up on Linux): one from there may belong to
 * another test file by the time the process listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
