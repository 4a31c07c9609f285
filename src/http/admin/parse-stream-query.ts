import type { Request } from 'express';
import type { StreamFilter } from '../../telemetry/flight-recorder.js';
import { refusal, refuseUnknown, textIn } from './query-params.js';

const FILTERS = ['state', 'caller', 'model', 'endReason'] as const;

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

export interface StreamQuery extends StreamFilter {
  readonly limit: number;
}

/** @throws GatewayError `invalid_request` naming the parameter */
export function parseStreamQuery(query: Request['query']): StreamQuery {
  refuseUnknown(query, [...FILTERS, 'limit']);
  const [state, caller, model, endReason] = FILTERS.map((name) => textIn(query, name));
  if (state !== undefined && state !== 'open' && state !== 'ended') {
    throw refusal('state', 'must be open or ended');
  }
  const limit = limitIn(textIn(query, 'limit'));
  return { state, caller, model, endReason, limit };
}

/**
 * Whose streams are to be ended.
 * @throws GatewayError `invalid_request` where nobody is named: all of them is a drain
 */
export function parseCallerQuery(query: Request['query']): string {
  refuseUnknown(query, ['caller']);
  const caller = textIn(query, 'caller');
  if (caller === undefined || caller === '') throw refusal('caller', 'must name a caller');
  return caller;
}

function limitIn(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw refusal('limit', `must be a whole number from 1 to ${MAX_LIMIT}`);
}
