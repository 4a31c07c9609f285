import type { NextFunction, Request, Response } from 'express';

/** Paths of OpenAI's and Anthropic's APIs as a client asks for them whose base URL lacks `/v1`, the commonest mistake of all. */
const WITHOUT_VERSION =
  /^\/(chat\/completions|messages(\/.*)?|responses(\/.*)?|models(\/.*)?)\/?$/i;

/** What stands before the path where a request, as those to proxies do, gives the whole URL. */
const ORIGIN = /^([a-z][a-z\d+.-]*:\/\/[^/?#]*)?/i;

/** From here on they are the paths with it: no other part of Sluice knows of two. */
export function addVersion(request: Request, _response: Response, next: NextFunction): void {
  if (WITHOUT_VERSION.test(request.path)) request.url = request.url.replace(ORIGIN, '$&/v1');
  next();
}
