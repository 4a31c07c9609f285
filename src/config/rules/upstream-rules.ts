import { validateHeaderName } from 'node:http';
import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { isJsonObject } from '../../contract/json.js';
import { type Check, must, Rule } from './rule.js';

/** What an HTTP header can carry: a line break in it would start a header of its own. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const isText = (value: unknown): value is string => typeof value === 'string';
const isHeaderValue = (value: unknown) => isText(value) && HEADER_VALUE.test(value);

const HTTP_URL = { type: 'string', pattern: '^[hH][tT][tT][pP][sS]?://' };
const REDIS_URL = { type: 'string', pattern: '^[rR][eE][dD][iI][sS][sS]?://' };
const TEXTS_BY_NAME = { type: 'object', additionalProperties: { type: 'string' } };

export const BaseUrl = () => Rule('baseUrl', baseUrlComplaint, HTTP_URL);
export const RedisUrl = () =>
  Rule(
    'redisUrl',
    must('a redis:// or rediss:// URL', (value) => isText(value) && isRedisUrl(value)),
    REDIS_URL,
  );
export const CaFile = () =>
  Rule(
    'caFile',
    must('the path of a PEM file', (value) => isText(value) && value !== ''),
    { type: 'string', minLength: 1 },
  );

/** Empty (`${KEY:-}`) is absent: for an upstream that needs no key. */
export const ApiKey = () =>
  applyDecorators(
    Transform(({ value }): unknown => (value === '' ? undefined : value)),
    Rule('apiKey', must('a text of one line, in quotes if it is all digits', isHeaderValue), {
      type: 'string',
    }),
  );

export const Headers = () =>
  Rule(
    'headers',
    recordCheck({
      name: must('a valid name of a header', isHeaderName),
      value: must('a text of one line, in quotes if it is a number', isHeaderValue),
    }),
    TEXTS_BY_NAME,
  );

export const Query = () =>
  Rule(
    'query',
    recordCheck({
      name: must('a name', (name) => name !== ''),
      value: must('a text, in quotes if it is a number', isText),
    }),
    TEXTS_BY_NAME,
  );

/** Also holds for the addresses of proxies, which may have credentials. */
export function isHttpUrl(value: string): boolean {
  return /^https?:\/\/[^\s/?#]/i.test(value) && !/\s/.test(value) && URL.canParse(value);
}

function isRedisUrl(value: string): boolean {
  return /^rediss?:\/\/[^\s/?#]+/i.test(value) && !/\s/.test(value) && URL.canParse(value);
}

function baseUrlComplaint(value: unknown): string | undefined {
  if (!isText(value) || !isHttpUrl(value)) {
    return 'must be an http:// or https:// URL';
  }
  const { username, password } = new URL(value);
  if (username || password)
    return 'must be a URL without credentials: write them in apiKey or headers';
  if (/[?#]/.test(value)) return 'must be a URL without "?" and "#": write parameters in query';
  return undefined;
}

function recordCheck(check: { readonly name: Check; readonly value: Check }): Check {
  return (record) => {
    if (!isJsonObject(record)) return 'must be a mapping of names to texts';
    const complaints = Object.entries(record).map(([name, value]) => {
      const complaint = check.name(name) ?? check.value(value);
      return complaint && `${JSON.stringify(name)} ${complaint}`;
    });
    const found = complaints.filter((complaint) => complaint !== undefined);
    return found.length === 0 ? undefined : found.join('; ');
  };
}

/** A name that HTTP takes for one. */
export function isHeaderName(name: unknown): boolean {
  if (typeof name !== 'string') return false;
  try {
    validateHeaderName(name);
    return true;
  } catch {
    return false;
  }
}
