import type { Request } from 'express';
import { GatewayError } from '../../contract/gateway-error.js';

type Query = Request['query'];

/** @throws GatewayError `invalid_request` naming a parameter that is none of `known` */
export function refuseUnknown(query: Query, known: readonly string[]): void {
  const unknown = Object.keys(query).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw refusal(unknown.slice(0, 64), `is not known here: there are ${known.join(', ')}`);
}

/** @throws GatewayError `invalid_request` where it is given more than once */
export function textIn(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw refusal(name, 'must be given once');
}

/** @param complaint such as `must be open or ended` */
export function refusal(param: string, complaint: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${complaint}.`, { param });
}
