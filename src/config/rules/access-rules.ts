import { isIP } from 'node:net';
import { isLoopback } from './loopback.js';
import { must, Rule } from './rule.js';
import { isHttpUrl } from './upstream-rules.js';

/** Rules for who may call, and what of it is taken from the network. */

/** Metrics are labelled with it, so two words of theirs are taken. */
export const keyIdCheck = must(
  '1 to 64 letters, digits, ".", "_" or "-", in quotes if it is a number, and not "anonymous" or "other", which metrics use, or an address',
  (value) =>
    typeof value === 'string' &&
    /^[A-Za-z0-9._-]{1,64}$/.test(value) &&
    value !== 'anonymous' &&
    value !== 'other' &&
    // Without a key callers are told apart by theirs.
    isIP(value) === 0,
);
export const KeyId = () =>
  Rule('keyId', keyIdCheck, { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' });

/** Two while a secret is being replaced. */
export const SecretHashes = () =>
  Rule(
    'secretHashes',
    must(
      'a list of one or two hashes, each "sha256:" and 64 hexadecimal digits, as "npm run key -- --id NAME" prints them',
      (value) =>
        Array.isArray(value) &&
        value.length > 0 &&
        value.length <= 2 &&
        value.every((hash) => typeof hash === 'string' && /^sha256:[0-9a-f]{64}$/.test(hash)),
    ),
    {
      type: 'array',
      minItems: 1,
      maxItems: 2,
      items: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' },
    },
  );

export const ModelGlobs = () =>
  Rule(
    'modelGlobs',
    must(
      'a list of ids of models, in which * stands for any characters; without it all models are allowed',
      (value) =>
        Array.isArray(value) &&
        value.length > 0 &&
        value.every((glob) => typeof glob === 'string' && glob !== ''),
    ),
    { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
  );

/** Whoever can change the keys on their way signs tokens for everybody. */
export const JwksUrl = () =>
  Rule(
    'jwksUrl',
    must('an https:// URL without credentials; http:// is for this machine only', isJwksUrl),
    { type: 'string', pattern: '^[hH][tT][tT][pP][sS]?://' },
  );

function isJwksUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !isHttpUrl(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  return username === '' && password === '' && (protocol === 'https:' || isLoopback(hostname));
}

/** An ISO 8601 time with its zone, so that no machine reads it as its own. */
export const Time = () =>
  Rule(
    'time',
    must(
      'a time with its zone, such as 2027-01-31T00:00:00Z',
      (value) =>
        typeof value === 'string' &&
        /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
        !Number.isNaN(Date.parse(value)) &&
        isDay(value.slice(0, 10)),
    ),
    { type: 'string', format: 'date-time' },
  );

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** `loopback` and other names of address ranges mean what everybody configures differently. */
export const Networks = () =>
  Rule(
    'networks',
    must(
      'a list of addresses or networks, such as 10.0.0.0/8 or fd00::/8',
      (value) => Array.isArray(value) && value.every(isNetwork),
    ),
    { type: 'array', items: { type: 'string' } },
  );

function isNetwork(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  // Whoever trusts everybody lets everybody say who they are.
  return (
    bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
  );
}
