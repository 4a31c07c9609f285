import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { Access } from '../../access/access.js';
import { LiveConfig } from '../../config/live-config.js';
import { ConcurrencyLimiter } from '../../generation/admission/concurrency-limiter.js';
import { TracingToken, type Tracing } from '../../telemetry/tracing/tracing.module.js';
import { authenticate } from '../access/authenticate.js';
import { jsonBody } from '../body/json-body.js';
import { answerHeadAndReconnects } from '../dialects/event-source/head-and-reconnect.middleware.js';
import { withRequestContext } from '../request-context.js';
import { traceRequests } from '../trace-requests.js';
import { refuseForeignHosts } from '../pages/host-check.js';
import { AdminListener } from './admin-listener.js';
import { boundPipelines } from './pipelines.js';
import { serveOpenApi } from './openapi.js';
import { forbidFraming, refuseForeignPages } from '../pages/page-check.js';
import { OWN_FILES, protectPage, SWAGGER_UI } from '../pages/page-headers.js';
import { refuseKeysInQuery } from '../pages/query-check.js';
import { redeemTicket } from '../tickets/redeem-ticket.js';
import { Tickets } from '../../tickets/tickets.js';
import { refuseOtherMethods } from '../errors/method-check.js';
import { leaveSlowCaller } from '../stream/slow-caller.js';
import { refuseAmbiguousTargets } from './request-target.js';
import { boundConnections } from './server-timeouts.js';
import { addVersion } from './version-prefix.js';
import { writeBytes } from './write-bytes.js';

/** Everything about HTTP that is no controller. The application must have been made with `bodyParser: false`. */
export function setUpHttp(app: NestExpressApplication): void {
  const live = app.get(LiveConfig);
  // What it says needs a restart to change.
  const { server } = live.current;
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', server.trustedProxies);
  app.use(boundPipelines());
  app.use(writeBytes);
  app.use(addVersion);
  // Before the body is parsed: a body that cannot be parsed is answered with a request id, too.
  app.use(withRequestContext(live));
  app.use(traceRequests(app.get<Tracing | undefined>(TracingToken)));
  app.use(refuseAmbiguousTargets);
  // Also what is no generation: a page that nobody reads would hold its connection for ever.
  app.use((_request: Request, response: Response, next: NextFunction) => {
    leaveSlowCaller(response, response.locals.context.config.streams.slowClientMs);
    next();
  });
  // Before the body is read: a page that may not call shall cost nothing.
  const adminListener = app.get(AdminListener);
  const isAtAdminPort = (request: Request) => adminListener.has(request);
  app.use(forbidFraming, refuseForeignHosts(server, isAtAdminPort), refuseForeignPages);
  app.use('/docs', protectPage(SWAGGER_UI));
  app.use('/admin', protectPage(OWN_FILES));
  app.use(refuseKeysInQuery);
  const limiter = app.get(ConcurrencyLimiter);
  app.use(redeemTicket(app.get(Tickets), () => limiter.refusal));
  // Before the body, too, and behind the pages: a preflight has no key.
  app.use(authenticate(app.get(Access), adminListener));
  app.use('/chat', answerHeadAndReconnects);
  app.use(refuseOtherMethods);
  app.use(jsonBody(server, () => limiter.refusal));
  serveOpenApi(app);

  boundConnections(app.getHttpServer(), server);
}
