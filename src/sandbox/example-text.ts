import { at, numberAt } from './at.js';

/** Of the formats that schemas name most; a `pattern` alone is not understood. */
const FORMATS: Readonly<Record<string, string>> = {
  date: '2025-01-31',
  'date-time': '2025-01-31T12:00:00Z',
  duration: 'P1D',
  email: 'sandbox@example.com',
  hostname: 'sandbox.example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  time: '12:00:00',
  uri: 'https://sandbox.example.com',
  uuid: '0b9c8b1e-4f3a-4c57-9d2e-6a1f7c3b5d80',
};

/** More than an example needs, whatever a schema asks for. */
const MAX_CHARS = 10_000;

/** A text of that format, or a word, as long as it must be. */
export function textOf(schema: unknown): string {
  const format = at(schema, 'format');
  const text = (typeof format === 'string' ? FORMATS[format] : undefined) ?? 'sandbox';
  const least = Math.min(numberAt(schema, 'minLength') ?? 0, MAX_CHARS);
  return text.padEnd(least, ' sandbox').slice(0, numberAt(schema, 'maxLength'));
}
