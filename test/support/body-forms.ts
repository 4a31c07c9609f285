/** A route that takes a body, and the smallest good body for it. */
export interface BodyForm {
  readonly form: string;
  readonly path: string;
  /** Fields of a good body, beside which others can stand. */
  readonly body: object;
}

const messages = [{ role: 'user', content: 'Hi' }];

/** Every route that takes a body. */
export const BODY_FORMS: readonly BodyForm[] = [
  { form: 'POST /chat', path: '/chat', body: { messages, model: 'gpt-only' } },
  { form: 'POST /chat/{model}', path: '/chat/gpt-only', body: { messages } },
  {
    form: 'POST /v1/chat/completions',
    path: '/v1/chat/completions',
    body: { messages, model: 'gpt-only', stream: true },
  },
  {
    form: 'POST /v1/chat/completions, stream: false',
    path: '/v1/chat/completions',
    body: { messages, model: 'gpt-only' },
  },
];

/** The headers of a POST, for a caller that writes its body by hand. */
export function headOf(path: string, headers: Readonly<Record<string, string | number>>): string {
  const fields = { host: 'localhost', 'content-type': 'application/json', ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
