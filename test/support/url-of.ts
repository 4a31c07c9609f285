import type { Server } from 'node:net';

/** Where a listening server is reached. */
export function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Not listening on a port.');
  return `http://127.0.0.1:${address.port}`;
}
