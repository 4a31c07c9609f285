import { must, Rule } from './rule.js';

const TEXTS = { type: 'array', items: { type: 'string' } };

/** Rules for who may call, and under which name. */

export const Origins = () =>
  Rule(
    'origins',
    must(
      'a list of origins as browsers send them, such as https://app.example.com or http://localhost:5173: in lower case, without a path, a "/" at the end or "*"',
      (value) => Array.isArray(value) && value.every(isOrigin),
    ),
    { type: 'array', items: { type: 'string', pattern: '^[a-z][a-z0-9+.-]*://[^\\s/?#*@]+$' } },
  );

export const HostNames = () =>
  Rule(
    'hostNames',
    must(
      'a list of host names or addresses as callers write them, in lower case and without a port',
      (value) => Array.isArray(value) && value.every(isHostName),
    ),
    TEXTS,
  );

function isOrigin(value: unknown): boolean {
  // Apps in a shell have schemes of their own (`tauri://localhost`), whose URLs have no origin.
  if (typeof value !== 'string' || !/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#*@]+$/.test(value)) return false;
  return !/^https?:/.test(value) || URL.parse(value)?.origin === value;
}

/** An IPv6 address stands in brackets, as in a URL. */
function isHostName(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^([a-z0-9_]([a-z0-9_.-]{0,252})|\[[0-9a-f:.]+\])$/.test(value) &&
    !value.endsWith('.')
  );
}
