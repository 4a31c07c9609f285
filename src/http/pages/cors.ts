import type { Request, Response } from 'express';
import { RATE_LIMIT_HEADERS } from '../rate-limit-headers.js';

/** What pages may read besides the body. By name: browsers take no `x-sluice-*`. */
const EXPOSED = [
  'x-request-id',
  'x-sluice-model',
  'x-sluice-backend',
  'x-sluice-attempts',
  'x-sluice-ignored',
  'x-sluice-sandbox',
  'x-sluice-cost-usd',
  'server-timing',
  'x-should-retry',
  'retry-after',
  'retry-after-ms',
  ...RATE_LIMIT_HEADERS,
].join(', ');

/** How long a browser may remember a preflight, in seconds: not longer than a changed list may take to work. */
const MAX_AGE_S = 600;

/** Lets a page of this origin read the answer. It brings no cookies: nothing here knows any. */
export function allowPage(origin: string, response: Response): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', EXPOSED);
}

/** The browser asks whether a page may send what it is about to. */
export function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Allows whichever headers are asked for: the SDKs send many of their own (`x-stainless-…`). */
export function answerPreflight(request: Request, response: Response): void {
  const wanted = request.headers['access-control-request-headers'];
  response.setHeader('access-control-allow-methods', 'GET, HEAD, POST');
  if (wanted !== undefined) response.setHeader('access-control-allow-headers', wanted);
  response.setHeader('access-control-max-age', MAX_AGE_S);
  response.vary('Access-Control-Request-Headers');
  response.status(204).end();
}
