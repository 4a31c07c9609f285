import type { Response } from 'express';
import type { Generation } from '../generation/generation.service.js';
import { leaveSlowCaller } from './stream/slow-caller.js';

/** Ties a generation to its response, and says in headers what is known of it from the start. */
export function setGenerationHeaders(generation: Generation, response: Response): void {
  const { model, sandbox, streams } = generation.route;
  response.locals.generation = generation;
  leaveSlowCaller(response, streams.slowClientMs);
  response.setHeader('x-sluice-model', headerValue(model));
  if (sandbox) response.setHeader('x-sluice-sandbox', '1');
}

/** What is known once a target answers. */
export function setTargetHeaders({ record }: Generation, response: Response): void {
  const { target, ignored } = record;
  if (!target) return;
  response.setHeader('x-sluice-backend', target.backend);
  // The attempt that answers is recorded when it is over.
  const running = record.endReason === undefined ? 1 : 0;
  response.setHeader('x-sluice-attempts', record.attempts.length + running);
  if (ignored.length > 0) response.setHeader('x-sluice-ignored', ignored.join(', '));
}

/** Model names may hold any character, header values may not. */
function headerValue(name: string): string {
  return /^[\x20-\x7e]*$/.test(name) ? name : encodeURI(name.toWellFormed());
}
