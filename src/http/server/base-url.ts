import type { Request } from 'express';

/** The base URL to give to an OpenAI client, as whoever sent this request can reach it. */
export function baseUrlFor(request: Request): string {
  const { host } = request.headers;
  // Words of the caller's own, but not all of them can be shown.
  if (host === undefined || !/^[\w.:[\]-]{1,255}$/.test(host)) return 'http://…/v1';
  const isSecure = request.protocol === 'https' || request.header('x-forwarded-proto') === 'https';
  return `${isSecure ? 'https' : 'http'}://${host}/v1`;
}
