import { isIP } from 'node:net';
import { must, Rule } from './rule.js';

/** setTimeout's limit: it takes a longer wait for 1 ms. */
const MAX_MS = 2 ** 31 - 1;

const NAME_SCHEMA = { type: 'string', minLength: 1 };

export const portCheck = must('a port, from 0 to 65535', (value) => isWhole(value, 0, 65_535));
export const hostCheck = must('a host name or an IP address', isHost);

/** A name as others chose it: anything that can be shown on one line. */
const nameCheck = must(
  'a text of one line that is not empty, in quotes if it is a number',
  (value) => typeof value === 'string' && /^[^\p{Cc}]+$/u.test(value) && value.trim() === value,
);

export const Port = () => Rule('port', portCheck, { type: 'integer', minimum: 0, maximum: 65_535 });
export const Host = () => Rule('host', hostCheck, { type: 'string' });

export const Milliseconds = () =>
  Rule(
    'milliseconds',
    must(`a whole number of milliseconds, from 1 to ${MAX_MS}`, (value) =>
      isWhole(value, 1, MAX_MS),
    ),
    { type: 'integer', minimum: 1, maximum: MAX_MS },
  );

/** For waits that may be left out: 0 is none. */
export const MillisecondsOrNone = () =>
  Rule(
    'millisecondsOrNone',
    must(`a whole number of milliseconds, from 0 to ${MAX_MS}`, (value) =>
      isWhole(value, 0, MAX_MS),
    ),
    { type: 'integer', minimum: 0, maximum: MAX_MS },
  );

export const Integer = (from: number) =>
  Rule(
    'whole',
    must(`a whole number, ${from} or more`, (value) =>
      isWhole(value, from, Number.MAX_SAFE_INTEGER),
    ),
    { type: 'integer', minimum: from },
  );

/** A part of a whole. */
export const Fraction = () =>
  Rule(
    'share',
    must('a number from 0 to 1', (value) => typeof value === 'number' && value >= 0 && value <= 1),
    { type: 'number', minimum: 0, maximum: 1 },
  );

export const PositiveNumber = () =>
  Rule(
    'positiveNumber',
    must(
      'a number above 0',
      (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
    ),
    { type: 'number', exclusiveMinimum: 0 },
  );

export const NonNegativeNumber = () =>
  Rule(
    'nonNegativeNumber',
    must(
      'a number, 0 or more',
      (value) => typeof value === 'number' && value >= 0 && Number.isFinite(value),
    ),
  );

export const Flag = () =>
  Rule(
    'flag',
    must('true or false', (value) => typeof value === 'boolean'),
    { type: 'boolean' },
  );

export const OneOf = (...words: readonly string[]) =>
  Rule(
    'oneOf',
    must(`one of: ${words.join(', ')}`, (value) => words.includes(value as string)),
    { enum: words },
  );

export const ByteSize = () =>
  Rule(
    'byteSize',
    must('a size like 20mb or 512kb, or a number of bytes', (value) =>
      typeof value === 'string'
        ? /^\d+(\.\d+)?(b|kb|mb|gb)?$/i.test(value) && Number.parseFloat(value) > 0
        : isWhole(value, 1, Number.MAX_SAFE_INTEGER),
    ),
    {
      anyOf: [
        { type: 'integer', minimum: 1 },
        { type: 'string', pattern: '^\\d+(\\.\\d+)?([bB]|[kKmMgG][bB])?$' },
      ],
    },
  );

export const Name = () => Rule('name', nameCheck, NAME_SCHEMA);

/** Callers of `/chat/{model}` write it into the path, where some names mean something else. */
export const ModelId = () =>
  Rule(
    'modelId',
    (value) => {
      if (typeof value === 'string' && /^(completions|tickets)$/i.test(value)) {
        return 'must not be "completions" or "tickets": /chat/completions and /chat/tickets are paths of their own';
      }
      const isOdd = typeof value === 'string' && value.slice(0, -1).includes('*');
      return isOdd ? 'may have a "*" at its end only' : nameCheck(value);
    },
    { type: 'string', pattern: '^[^*]*\\*?$', minLength: 1 },
  );

/** Anthropic's versions are days. */
export const ApiVersion = () =>
  Rule(
    'apiVersion',
    must(
      'a date like 2023-06-01',
      (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value),
    ),
    { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
  );

/** Metrics are labelled with it, and targets are written `backend/model`. */
export const BackendId = () =>
  Rule(
    'backendId',
    must(
      '1 to 64 letters, digits, ".", "_" or "-", and not "none", which metrics use for no backend',
      (value) =>
        typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value) && value !== 'none',
    ),
    { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' },
  );

function isWhole(value: unknown, from: number, to: number): boolean {
  return Number.isInteger(value) && (value as number) >= from && (value as number) <= to;
}

function isHost(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  return isIP(value) !== 0 || /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/.test(value);
}
