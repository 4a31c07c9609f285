import type { Server } from 'node:http';
import type { ServerConfig } from '../../config/schema/server-config.js';

/** Room for a GET's longest message in any script, percent-encoded: up to 12 bytes for each of 4,000 characters. */
const MAX_HEADER_BYTES = 64 * 1024;

/** How long the headers of a request may take to come. */
const HEADERS_MS = 30_000;

/** How late Node may notice that they took longer. */
const CHECK_TIMEOUTS_EVERY_MS = 5000;

/** What a connection may take of time and headers, before `server` listens. */
export function boundConnections(server: Server, { keepAliveMs, bodyMs }: ServerConfig): void {
  // Longer than the 60 s for which proxies keep their idle connections: the one who closes first
  // must be the proxy, or a request crosses our FIN and becomes a 502.
  server.keepAliveTimeout = keepAliveMs;
  // Also for a connection that nothing ever came on. An idle one between two requests is not meant.
  server.headersTimeout = HEADERS_MS;
  // For bodies that nobody reads; the others have `bodyMs`, and get an answer.
  server.requestTimeout = Math.max(server.requestTimeout, HEADERS_MS + bodyMs);
  // Node would invite every body before anybody looked at its headers.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  // Node reads these when it listens, and for every connection; they have no setters, and Nest does
  // not pass options on.
  Object.assign(server, {
    maxHeaderSize: MAX_HEADER_BYTES,
    connectionsCheckingInterval: CHECK_TIMEOUTS_EVERY_MS,
  });
}
