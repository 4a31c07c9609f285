import type { NextFunction, Request, Response } from 'express';
import { perSnapshot } from '../../config/per-snapshot.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { allowPage, answerPreflight, isPreflight } from './cors.js';
import { findRoute, isForOperators, isForWatchers } from '../routes.js';

/** No page may show an answer of ours in a frame. */
export function forbidFraming(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('content-security-policy', "frame-ancestors 'none'");
  response.setHeader('x-frame-options', 'DENY');
  next();
}

/**
 * Refuses what a page of another origin sends, unless it is listed and wants to read the answer:
 * a frame, an image or a `no-cors` fetch would have a generation made and paid that nobody reads.
 */
export function refuseForeignPages(request: Request, response: Response, next: NextFunction): void {
  const kind = findRoute(request.path)?.kind;
  if (isForWatchers(kind)) return next();
  const { origin } = request.headers;
  const listed = originsOf(response.locals.context.config);
  // What operators do no page of another origin does for them, whoever it is.
  const isListed = !isForOperators(kind) && origin !== undefined && listed.has(origin);
  if (listed.size > 0) response.vary('Origin');
  if (isListed) allowPage(origin, response);
  if (isForeign(request) && !(isListed && isReading(request))) throw refusal(request, isListed);
  if (isListed && isPreflight(request)) return answerPreflight(request, response);
  next();
}

const originsOf = perSnapshot(({ browsers }) => new Set(browsers.origins));

/** Of another origin than ours, by what the browser says of it; programs that are none say nothing. */
function isForeign({ headers }: Request): boolean {
  // An empty one names nobody.
  const site = headers['sec-fetch-site'] ?? '';
  if (site !== '') return site !== 'same-origin' && site !== 'none';
  // Browsers leave it out on plain http beyond the loopback.
  const page = [headers.origin, headers.referer].find((each) => each !== undefined && each !== '');
  return page !== undefined && !isOfHost(page, headers.host);
}

/** The browser shows the answer to the page only if we allow it; it says nothing on plain http. */
function isReading({ headers }: Request): boolean {
  return (headers['sec-fetch-site'] ?? '') === '' || headers['sec-fetch-mode'] === 'cors';
}

/** Whichever scheme: behind a proxy that ends TLS the page's is another one than ours. */
function isOfHost(page: string, host: string | undefined): boolean {
  const url = /^https?:/.test(page) ? URL.parse(page) : null;
  return url !== null && url.host === URL.parse(`${url.protocol}//${host}`)?.host;
}

function refusal({ headers }: Request, isListed: boolean): GatewayError {
  return new GatewayError('origin_not_allowed', `${whatIsWrong()}.`);

  function whatIsWrong(): string {
    if (headers['sec-fetch-mode'] === 'navigate') {
      return 'Pages of other origins, also those in browsers.origins, cannot link to this service or frame it: type the address instead';
    }
    if (isListed) {
      return 'Pages in browsers.origins may call in CORS mode only: with fetch, and not "no-cors", or with EventSource';
    }
    const origin = URL.parse(headers.origin ?? headers.referer ?? '')?.origin ?? 'null';
    const page = origin === 'null' ? 'of another origin' : `of ${origin}`;
    return `Pages ${page} may not call this service: if they should, list their origin in browsers.origins in the configuration`;
  }
}
