import { once } from 'node:events';
import { type IncomingMessage, request as send } from 'node:http';

/** What a browser says of a request, which `fetch` of Node.js would say otherwise. */
export type PageHeaders = Readonly<Record<string, string>>;

export interface PageAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends these headers and no others but those that HTTP asks for. */
export async function sendAsPage(
  url: string,
  headers: PageHeaders,
  { method = 'GET', body }: { readonly method?: string; readonly body?: object } = {},
): Promise<PageAnswer> {
  const request = send(url, {
    method,
    agent: false,
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
  });
  request.end(body && JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += String(piece);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** What browsers say of their requests. */
export function fetched(site: string, mode: string, origin?: string): PageHeaders {
  return {
    'sec-fetch-site': site,
    'sec-fetch-mode': mode,
    ...(origin !== undefined && { origin }),
  };
}
