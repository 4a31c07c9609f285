import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/contract/json.js';

/** What no answer may hold: a stack trace, or where the service is installed. */
const INSIDES = /\bat [^ ]+ \(|:\d+:\d+|node_modules|node:internal|\.[jt]s\b/;

export interface ReadError {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly requestId: string;
}

/** The error that a response holds. Fails when it is not in the one error body, or has something of our insides. */
export async function errorOf(response: Response): Promise<ReadError> {
  const text = await response.text();
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8', text);
  assert.doesNotMatch(text, INSIDES);
  const { error, ...others } = JSON.parse(text) as { error: Omit<ReadError, 'status'> };
  assert.deepEqual(others, {});
  const { message, type, code, param, requestId, ...unknown } = error;
  assert.deepEqual(unknown, {} satisfies JsonObject);
  for (const word of [message, type]) assert.match(word, /./);
  for (const word of [code, param]) assert.ok(word === null || typeof word === 'string');
  assert.equal(requestId, response.headers.get('x-request-id'));
  assert.match(requestId, /^[A-Za-z0-9._-]{1,128}$/);
  return { status: response.status, ...error };
}
