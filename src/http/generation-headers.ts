import type { Response } from 'express';
import type { GenerationRecord } from '../contract/generation.js';
import type { ModelRoute } from '../generation/routing/route-table.js';

/** What is known of a generation from its start. */
export function setGenerationHeaders(response: Response, { model, sandbox }: ModelRoute): void {
  response.setHeader('x-sluice-model', headerValue(model));
  if (sandbox) response.setHeader('x-sluice-sandbox', '1');
}

/** What is known once a target answers. */
export function setTargetHeaders(response: Response, record: GenerationRecord): void {
  const { target, ignored } = record;
  if (!target) return;
  response.setHeader('x-sluice-backend', target.backend);
  response.setHeader('x-sluice-attempts', record.attemptsBegun);
  if (ignored.length > 0) response.setHeader('x-sluice-ignored', ignored.join(', '));
  setTimingHeader(response, record);
}

/** Where the time went so far, as browsers show it: https://www.w3.org/TR/server-timing/ */
export function setTimingHeader(response: Response, { waits }: GenerationRecord): void {
  const waited = Object.entries(waits.ms).filter(([, ms]) => ms >= 0.05);
  const metrics = waited.map(([on, ms]) => `${on};dur=${ms.toFixed(1)}`);
  if (metrics.length > 0) response.setHeader('server-timing', metrics.join(', '));
}

/** What is known once the whole answer is there. */
export function setCostHeader(response: Response, { costUsd }: GenerationRecord): void {
  if (costUsd !== undefined) response.setHeader('x-sluice-cost-usd', decimal(costUsd));
}

/** Without the exponent that small numbers are printed with. */
function decimal(usd: number): string {
  return usd.toFixed(12).replace(/\.?0+$/, '');
}

/** Model names may hold any character, header values may not. */
function headerValue(name: string): string {
  return /^[\x20-\x7e]*$/.test(name) ? name : encodeURI(name.toWellFormed());
}
