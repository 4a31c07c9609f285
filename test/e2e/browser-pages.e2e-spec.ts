import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { type PageAnswer, type PageHeaders, sendAsPage } from '../support/page-request.js';

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

/** What browsers say of their requests. */
function fetched(site: string, mode: string, origin?: string): PageHeaders {
  return {
    'sec-fetch-site': site,
    'sec-fetch-mode': mode,
    ...(origin !== undefined && { origin }),
  };
}

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
        expect(answer.headers['content-security-policy']).toBe("frame-ancestors 'none'");
        expect(answer.headers['x-frame-options']).toBe('DENY');
      }
    }
  });
});

describe('a listed page', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start({ browsers: { origins: [LISTED] } });
    gateway.openai.script(openAi.streamsText(['Hi']));
  });
  afterAll(() => gateway.close());

  const cors = fetched('same-site', 'cors', LISTED);
  const preflight = {
    ...cors,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,x-stainless-os',
  };

  it.each(['/chat', '/chat/gpt-only', '/v1/chat/completions', '/v1/models'])(
    'may send JSON and headers of its own to %s',
    async (path) => {
      const answer = await sendAsPage(gateway.url + path, preflight, { method: 'OPTIONS' });
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': LISTED,
        'access-control-allow-methods': 'GET, HEAD, POST',
        'access-control-allow-headers': 'authorization,content-type,x-stainless-os',
        vary: 'Origin, Access-Control-Request-Headers',
      });
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
      expect(gateway.openai.requests).toHaveLength(0);
    },
  );

  it('gets no word of allowance where it is not listed', async () => {
    const headers = { ...preflight, origin: EVIL };
    const answer = await sendAsPage(`${gateway.url}/chat`, headers, { method: 'OPTIONS' });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([
      403,
      undefined,
    ]);
  });

  it.each([
    ['a stream', 200, '/chat?message=Hi', {}],
    ['a plain answer', 200, '/v1/models', {}],
    ['an error', 404, '/chat/nope?message=Hi', {}],
    ['a body that is broken', 400, '/chat', { method: 'POST', body: {} }],
    ['the end of a reconnecting EventSource', 204, '/chat?message=Hi', { id: 'a:1' }],
  ] as const)('can read %s', async (_, status, path, options) => {
    const headers = { ...cors, ...('id' in options && { 'last-event-id': options.id }) };
    const answer = await sendAsPage(gateway.url + path, headers, 'id' in options ? {} : options);
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(LISTED);
    expect(answer.headers.vary).toContain('Origin');
    expect(answer.headers['access-control-expose-headers']).toContain('x-request-id');
  });

  it('is not told to others, whose answers are kept apart in caches', async () => {
    const answer = await sendAsPage(`${gateway.url}/v1/models`, {});
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect(answer.headers.vary).toContain('Origin');
  });
});

async function statusFor(url: string, host: string, path = '/chat?message=Hi'): Promise<number> {
  return (await sendAsPage(url + path, { host, ...fetched('same-origin', 'cors') })).status;
}

describe('the Host of a request', () => {
  let gateway: Gateway | undefined;
  const start = async (server: object): Promise<string> => {
    gateway = await Gateway.start({ server });
    gateway.openai.script(openAi.streamsText(['Hi']));
    return gateway.url;
  };
  beforeEach(() => gateway?.close());
  afterAll(() => gateway?.close());

  it('must be of the loopback where only the loopback is listened on', async () => {
    const url = await start({});
    const good = [
      'localhost',
      'localhost:3000',
      'LocalHost.',
      'app.localhost:3000',
      '127.0.0.1',
      '127.8.9.10:80',
      '[::1]:3000',
    ];
    for (const host of good) expect([host, await statusFor(url, host)]).toEqual([host, 200]);
    const asked = gateway!.openai.requests.length;
    const bad = [
      'evil.example',
      'evil.example:3000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'evil-localhost',
      '10.0.0.7',
      '0.0.0.0:3000',
      '[fe80::1]',
      'localhost@evil.example',
    ];
    for (const host of bad) expect([host, await statusFor(url, host)]).toEqual([host, 403]);
    expect(gateway!.openai.requests).toHaveLength(asked);
  });

  it('is refused by naming the setting and the proxy', async () => {
    const url = await start({});
    const { text } = await sendAsPage(`${url}/v1/models`, { host: 'gateway.example.com:8080' });
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    expect(error.code).toBe('host_not_allowed');
    expect(error.message).toMatch(/gateway\.example\.com.*server\.hosts.*proxy/);
  });

  it('may be listed', async () => {
    const url = await start({ hosts: ['gateway.example.com', '[fd00::7]'] });
    for (const host of [
      'gateway.example.com',
      'Gateway.Example.com.:8080',
      '[fd00::7]:3000',
      'localhost',
    ]) {
      expect([host, await statusFor(url, host)]).toEqual([host, 200]);
    }
    expect(await statusFor(url, 'other.example.com')).toBe(403);
  });

  it('is any beyond the loopback', async () => {
    const url = await start({ host: '0.0.0.0' });
    expect(await statusFor(url, 'any.example.com')).toBe(200);
  });

  it('must be listed beyond the loopback, too, where names are listed', async () => {
    const url = await start({ host: '0.0.0.0', hosts: ['gateway.example.com'] });
    expect(await statusFor(url, 'gateway.example.com')).toBe(200);
    expect(await statusFor(url, 'localhost:3000')).toBe(200);
    expect(await statusFor(url, 'evil.example')).toBe(403);
  });

  it.each(['/livez', '/readyz', '/metrics'])('is any for %s', async (path) => {
    expect(await statusFor(await start({}), '10.0.0.7:3000', path)).toBe(200);
  });
});
