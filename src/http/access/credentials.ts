import type { IncomingHttpHeaders } from 'node:http';

/** The keys and tokens of a request, each once: OpenAI's clients, Anthropic's and Azure's send them differently. */
export function credentialsIn(headers: IncomingHttpHeaders): readonly string[] {
  const { authorization = '' } = headers;
  // Another scheme is meant for somebody before us: a proxy's own password.
  const bearer = /^bearer +(.*)$/i.exec(authorization)?.[1] ?? '';
  const given = [bearer, headers['x-api-key'], headers['api-key']];
  const texts = given.flat().map((each) => each?.trim() ?? '');
  return [...new Set(texts.filter((each) => each !== ''))];
}
