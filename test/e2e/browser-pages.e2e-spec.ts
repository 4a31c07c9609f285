import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { fetched, type PageAnswer, type PageHeaders, sendAsPage } from '../support/page-request.js';

const LISTED = 'http://localhost:5173';
const EVIL = 'https://evil.example';
const messages = [{ role: 'user', content: 'Hi' }];

/** Everything that a page might ask for. */
const ASKS = [
  ['GET /chat', '/chat?message=Hi', {}],
  ['GET /chat/:model', '/chat/gpt-only?message=Hi', {}],
  ['POST /chat', '/chat', { method: 'POST', body: { messages } }],
  [
    'a stream of /v1',
    '/v1/chat/completions',
    { method: 'POST', body: { model: 'gpt-only', stream: true, messages } },
  ],
  [
    'stream: false',
    '/v1/chat/completions',
    { method: 'POST', body: { model: 'gpt-only', messages } },
  ],
  ['GET /v1/models', '/v1/models', {}],
  ['GET /docs', '/docs', {}],
  ['GET /openapi.json', '/openapi.json', {}],
  ['a path that is not there', '/nope', {}],
] as const;

function errorIn({ text }: PageAnswer): { readonly message: string; readonly code: string } {
  return (JSON.parse(text) as { error: { message: string; code: string } }).error;
}

describe('a request of a page', () => {
  let gateway: Gateway;
  let own: string;
  let asked: number;
  beforeAll(async () => {
    gateway = await Gateway.start({ browsers: { origins: [LISTED, 'https://app.example.com'] } });
    gateway.openai.script((exchange) => {
      const { stream } = exchange.request.body;
      return (stream ? openAi.streamsText(['Hi']) : openAi.answersText('Hi'))(exchange);
    });
    own = new URL(gateway.url).host;
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    asked = gateway.openai.requests.length;
  });

  const upstreamAsked = () => gateway.openai.requests.length - asked;

  const refused: [string, PageHeaders][] = [
    ['a frame on another site', fetched('cross-site', 'navigate')],
    ['a frame on the same site', fetched('same-site', 'navigate')],
    ['an image', fetched('cross-site', 'no-cors')],
    ['a no-cors fetch', fetched('cross-site', 'no-cors', EVIL)],
    ['a fetch that is not listed', fetched('cross-site', 'cors', EVIL)],
    [
      'a fetch of another port that is not listed',
      fetched('same-site', 'cors', 'http://localhost:5174'),
    ],
    ['a fetch without an origin', fetched('cross-site', 'cors')],
    ['a fetch of a sandboxed frame or a file', fetched('cross-site', 'cors', 'null')],
    ['a no-cors fetch of a listed page', fetched('same-site', 'no-cors', LISTED)],
    ['a form of a listed page', fetched('same-site', 'navigate', LISTED)],
    [
      'an origin that begins like a listed one',
      fetched('cross-site', 'cors', `${LISTED}.evil.example`),
    ],
    ['a listed host with another scheme', fetched('cross-site', 'cors', 'https://localhost:5173')],
    ['a word that no browser says', fetched('cross-origin', 'cors', EVIL)],
    ['two words at once', fetched('same-origin, cross-site', 'cors', EVIL)],
    ['an origin, on plain http', { origin: EVIL }],
    ['no origin to speak of, on plain http', { origin: 'null' }],
    ['a referer, on plain http', { referer: `${EVIL}/page` }],
    ['a referer that is no URL, on plain http', { referer: 'about:client' }],
    ['an origin beside a referer of ours, on plain http', { origin: EVIL, referer: '{own}/docs' }],
    ['an app in a shell that is not listed, on plain http', { origin: 'tauri://localhost' }],
  ];

  it.each(refused)('is a 403 that names the setting, and costs nothing: %s', async (_, headers) => {
    const said = withOwn(headers);
    for (const [name, path, options] of ASKS) {
      const answer = await sendAsPage(gateway.url + path, said, options);
      expect([name, answer.status, errorIn(answer).code]).toEqual([
        name,
        403,
        'origin_not_allowed',
      ]);
      expect(errorIn(answer).message).toContain('browsers.origins');
      expect(answer.headers['x-request-id']).toMatch(/./);
    }
    expect(upstreamAsked()).toBe(0);
  });

  const allowed: [string, PageHeaders][] = [
    ['a program', {}],
    ['fetch of Node.js', { 'sec-fetch-mode': 'cors' }],
    ['our own page', fetched('same-origin', 'cors', '{own}')],
    ['an address that was typed', fetched('none', 'navigate')],
    ['a listed page of the same site', fetched('same-site', 'cors', LISTED)],
    ['a listed page of another site', fetched('cross-site', 'cors', 'https://app.example.com')],
    ['our own page, on plain http', { origin: '{own}', referer: '{own}/docs' }],
    ['our own page by its referer, on plain http', { referer: '{own}/docs?a=b' }],
    ['a program with empty headers', { origin: '', referer: '', 'sec-fetch-site': '' }],
    ['a listed page, on plain http', { origin: LISTED, referer: `${LISTED}/` }],
  ];

  it.each(allowed)('is answered: %s', async (_, headers) => {
    const said = withOwn(headers);
    for (const [name, path, options] of ASKS) {
      const { status } = await sendAsPage(gateway.url + path, said, options);
      expect([name, status]).toEqual([name, path === '/nope' ? 404 : 200]);
    }
    expect(upstreamAsked()).toBe(5);
  });

  /** Our own origin is known once we listen. */
  function withOwn(headers: PageHeaders): PageHeaders {
    const filled = Object.entries(headers).map(([name, value]) => [
      name,
      value.replace('{own}', `http://${own}`),
    ]);
    return Object.fromEntries(filled) as PageHeaders;
  }

  it('is our own behind a proxy that ends TLS', async () => {
    const headers = { host: 'localhost', origin: 'https://localhost' };
    expect((await sendAsPage(`${gateway.url}/v1/models`, headers)).status).toBe(200);
  });

  it.each(['/livez', '/readyz', '/metrics', '/Metrics/'])(
    'may be for %s, from wherever it comes',
    async (path) => {
      const headers = { ...fetched('cross-site', 'no-cors', EVIL), host: '10.0.0.7:3000' };
      expect((await sendAsPage(gateway.url + path, headers)).status).toBe(200);
    },
  );

  it('is refused before its body has come', async () => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /chat HTTP/1.1\r\nhost: ${own}\r\norigin: ${EVIL}\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n`,
    );
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(String(bytes)).toMatch(/^HTTP\/1\.1 403 /);
    socket.destroy();
  });

  it('counts as a rejection', async () => {
    const before = await gateway.metric('llm_rejections_total', { fault: 'origin_not_allowed' });
    await sendAsPage(`${gateway.url}/chat?message=Hi`, { origin: EVIL });
    const after = await gateway.metric('llm_rejections_total', { fault: 'origin_not_allowed' });
    expect(after - before).toBe(1);
  });

  it('is never answered into a frame', async () => {
    const headers = { origin: LISTED };
    const paths = ASKS.map(([, path, options]) => [path, options] as const);
    for (const [path, options] of [...paths, ['/livez', {}] as const, ['/metrics', {}] as const]) {
      for (const said of [headers, { origin: EVIL }]) {
        const answer = await sendAsPage(gateway.url + path, said, options);
        expect(answer.headers['content-security-policy']).toMatch(/frame-ancestors 'none'$/);
        expect(answer.headers['x-frame-options']).toBe('DENY');
      }
    }
  });
});
