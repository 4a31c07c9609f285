import { MethodNotAllowedException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { findRoute } from '../routes.js';

/** Answers 405 to methods that a path does not have, by `ROUTES`: Nest would go on to a path that is less exact. */
export function refuseOtherMethods(request: Request, response: Response, next: NextFunction): void {
  const { method, path } = request;
  const methods = findRoute(path)?.methods;
  if (!methods || methods.some((each) => each === method)) return next();
  const allow = methods.join(', ');
  response.setHeader('allow', allow);
  throw new MethodNotAllowedException(`${method} is not possible here; use ${allow}.`);
}
