import { isHeaderName } from './upstream-rules.js';
import { Rule } from './rule.js';

/** They carry the caller's credentials, belong to one connection or one body, or are Sluice's own to say. */
const NEVER = new Set([
  'api-key',
  'accept-encoding',
  'authorization',
  'b3',
  'baggage',
  'connection',
  'cookie',
  'cookie2',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'set-cookie',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-amz-security-token',
  'x-api-key',
  'x-auth-token',
  'x-goog-api-key',
  'x-real-ip',
]);
const NEVER_PREFIX = /^(?:content-|proxy-|sec-|x-b3-|x-forwarded-|x-sluice-)/;

/** Names of headers that may be passed on. */
export const ForwardHeaders = () =>
  Rule(
    'forwardHeaders',
    (names) => {
      if (!Array.isArray(names) || !names.every(isHeaderName))
        return 'must be a list of names of headers';
      const never = (names as string[]).find((name) => isNeverForwarded(name.toLowerCase()));
      return never === undefined
        ? undefined
        : `must not have ${JSON.stringify(never)}: it is never passed on`;
    },
    { type: 'array', items: { type: 'string' } },
  );

function isNeverForwarded(name: string): boolean {
  return NEVER.has(name) || NEVER_PREFIX.test(name);
}
