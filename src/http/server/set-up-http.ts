import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { LiveConfig } from '../../config/live-config.js';
import { ConcurrencyLimiter } from '../../generation/admission/concurrency-limiter.js';
import { jsonBody } from '../body/json-body.js';
import { answerHeadAndReconnects } from '../dialects/event-source/head-and-reconnect.middleware.js';
import { withRequestContext } from '../request-context.js';
import { refuseForeignHosts } from '../pages/host-check.js';
import { boundPipelines } from './pipelines.js';
import { serveOpenApi } from './openapi.js';
import { forbidFraming, refuseForeignPages } from '../pages/page-check.js';
import { leaveSlowCaller } from '../stream/slow-caller.js';
import { addVersion } from './version-prefix.js';
import { writeBytes } from './write-bytes.js';

/** Room for a GET's longest message in any script, percent-encoded: up to 12 bytes for each of 4,000 characters. */
const MAX_HEADER_BYTES = 64 * 1024;

/** How long the headers of a request may take to come. */
const HEADERS_MS = 30_000;

/** How late Node may notice that they took longer. */
const CHECK_TIMEOUTS_EVERY_MS = 5000;

/** Everything about HTTP that is no controller. The application must have been made with `bodyParser: false`. */
export function setUpHttp(app: NestExpressApplication): void {
  const live = app.get(LiveConfig);
  // What it says needs a restart to change.
  const { server } = live.current;
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(boundPipelines());
  app.use(writeBytes);
  // Before the body is parsed: a body that cannot be parsed is answered with a request id, too.
  app.use(withRequestContext(live));
  // Also what is no generation: a page that nobody reads would hold its connection for ever.
  app.use((_request: Request, response: Response, next: NextFunction) => {
    leaveSlowCaller(response, response.locals.context.config.streams.slowClientMs);
    next();
  });
  // Before the body is read: a page that may not call shall cost nothing.
  app.use(forbidFraming, refuseForeignHosts(server), refuseForeignPages);
  app.use(addVersion);
  app.use('/chat', answerHeadAndReconnects);
  const limiter = app.get(ConcurrencyLimiter);
  app.use(jsonBody(server, () => limiter.refusal));
  serveOpenApi(app);

  const http = app.getHttpServer();
  // Longer than the 60 s for which proxies keep their idle connections: the one who closes first
  // must be the proxy, or a request crosses our FIN and becomes a 502.
  http.keepAliveTimeout = server.keepAliveMs;
  // Also for a connection that nothing ever came on. An idle one between two requests is not meant.
  http.headersTimeout = HEADERS_MS;
  // For bodies that nobody reads; the others have `bodyMs`, and get an answer.
  http.requestTimeout = Math.max(http.requestTimeout, HEADERS_MS + server.bodyMs);
  // Node would invite every body before anybody looked at its headers.
  http.on('checkContinue', (request, response) => http.emit('request', request, response));
  // Node reads these when it listens, and for every connection; they have no setters, and Nest does
  // not pass options on.
  Object.assign(http, {
    maxHeaderSize: MAX_HEADER_BYTES,
    connectionsCheckingInterval: CHECK_TIMEOUTS_EVERY_MS,
  });
}
