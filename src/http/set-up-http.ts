import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { GatewayConfig } from '../config/gateway-config.js';
import { identifyExchange } from './exchange.js';
import { refuseForeignHosts } from './host-check.js';
import { parseJsonBodies } from './json-body.js';
import { serveOpenApi } from './openapi.js';
import { forbidFraming, refuseForeignPages } from './page-check.js';
import { leaveSlowCaller } from './slow-caller.js';
import { addVersion } from './version-prefix.js';
import { writeBytes } from './write-bytes.js';

/** Room for a GET's longest message in any script, percent-encoded: up to 12 bytes for each of 4,000 characters. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Everything about HTTP that is no controller. The application must have been made with `bodyParser: false`. */
export function setUpHttp(app: NestExpressApplication): void {
  const { server, browsers, streams } = app.get(GatewayConfig);
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(writeBytes);
  // Before the body is parsed: a body that cannot be parsed is answered with a request id, too.
  app.use(identifyExchange);
  // Also what is no generation: a page that nobody reads would hold its connection for ever.
  app.use((_request: Request, response: Response, next: NextFunction) => {
    leaveSlowCaller(response, streams.slowClientMs);
    next();
  });
  // Before the body is read: a page that may not call shall cost nothing.
  app.use(forbidFraming, refuseForeignHosts(server), refuseForeignPages(browsers));
  app.use(addVersion);
  parseJsonBodies(app, server.bodyLimit);
  serveOpenApi(app);

  const http = app.getHttpServer();
  // Longer than the 60 s for which proxies keep their idle connections: the one who closes first
  // must be the proxy, or a request crosses our FIN and becomes a 502.
  http.keepAliveTimeout = server.keepAliveMs;
  http.headersTimeout = server.keepAliveMs + 1000;
  // Node reads this for every connection; it has no setter, and Nest does not pass options on.
  Object.assign(http, { maxHeaderSize: MAX_HEADER_BYTES });
}
