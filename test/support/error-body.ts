import assert from 'node:assert/strict';
import { ALL_FAULTS } from '../../src/contract/faults.js';
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
  readonly attempts?: readonly { readonly backend: string; readonly fault: string }[];
}

/** The error that a response holds. Fails when it is not in the one error body, or has something of our insides. */
export async function errorOf(response: Response): Promise<ReadError> {
  const text = await response.text();
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8', text);
  assert.doesNotMatch(text, INSIDES);
  const { error, ...others } = JSON.parse(text) as { error: Omit<ReadError, 'status'> };
  assert.deepEqual(others, {});
  const { message, type, code, param, requestId, attempts, ...unknown } = error;
  assert.deepEqual(unknown, {} satisfies JsonObject);
  for (const word of [message, type]) assert.match(word, /./);
  for (const word of [code, param]) assert.ok(word === null || typeof word === 'string');
  // Who, and how it failed; nothing else of an attempt is the caller's business.
  if (attempts) assert.ok(attempts.length > 0);
  for (const { backend, fault, ...details } of attempts ?? []) {
    assert.deepEqual(details, {});
    assert.match(backend, /^[A-Za-z0-9._-]{1,64}$/);
    assert.ok(
      ALL_FAULTS.some((each) => each === fault),
      fault,
    );
  }
  assert.equal(requestId, response.headers.get('x-request-id'));
  assert.match(requestId, /^[A-Za-z0-9._-]{1,128}$/);
  return { status: response.status, ...error };
}
