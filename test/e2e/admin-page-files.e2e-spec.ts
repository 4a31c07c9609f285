import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { Gateway } from '../support/gateway.js';
import { fetched, sendAsPage } from '../support/page-request.js';

const PAGE = join(import.meta.dirname, '../../src/http/admin/page');

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'none'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join(';');

describe('The files of the page at /admin', () => {
  let gateway: Gateway;
  let adminPort: string;
  beforeAll(async () => {
    gateway = await Gateway.start({
      access: { mode: 'keys', keys: [accessKey('operator', { admin: true }).entry] },
      browsers: { origins: ['https://app.example'] },
      server: { adminPort: 0 },
    });
    const [, port] = /listening for operators",\{"address":"[^"]+","port":(\d+)/.exec(
      gateway.log.text,
    )!;
    adminPort = `http://127.0.0.1:${port}`;
  });
  afterAll(() => gateway.close());

  it.each([
    ['/admin', 'text/html; charset=utf-8'],
    ['/admin/', 'text/html; charset=utf-8'],
    ['/admin/page/page.css', 'text/css; charset=utf-8'],
    ['/admin/page/main.js', 'text/javascript; charset=utf-8'],
  ])('need no key, and only their own may run: %s', async (path, type) => {
    for (const base of [gateway.url, adminPort]) {
      const { status, headers } = await fetch(base + path);
      expect([status, headers.get('content-type')]).toEqual([200, type]);
      expect(headers.get('content-security-policy')).toBe(POLICY);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('cache-control')).toBe('no-cache');
    }
  });

  it('are asked for each time, and sent when they have changed', async () => {
    const url = `${gateway.url}/admin`;
    const { etag = '' } = (await sendAsPage(url, {})).headers;
    const same = await sendAsPage(url, { 'if-none-match': etag });
    expect([same.status, same.text]).toEqual([304, '']);
    expect((await sendAsPage(url, { 'if-none-match': '"another"' })).status).toBe(200);
  });

  it('are only read', async () => {
    const url = `${gateway.url}/admin`;
    expect(await sendAsPage(url, {}, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(await sendAsPage(url, {}, { method: 'POST' })).toMatchObject({ status: 405 });
  });

  it('are all that the page imports', async () => {
    const scripts = readdirSync(PAGE).filter((name) => name.endsWith('.js'));
    for (const name of scripts) {
      const text = await (await gateway.get(`/admin/page/${name}`)).text();
      for (const [, imported] of text.matchAll(/^import .* from '\.\/(.+)';$/gm)) {
        expect(scripts).toContain(imported);
      }
    }
  });

  it.each([
    'nothing.js',
    'tsconfig.json',
    'told.d.ts',
    '..%2fpage.controller.js',
    '%2e%2e%2fpage.controller.js',
    '..%5cpage.controller.js',
    '%2fetc%2fpasswd',
    'main.js%00',
    '__proto__',
  ])('are no way to other files: %s', async (name) => {
    expect((await gateway.get(`/admin/page/${name}`)).status).toBe(404);
  });

  it('are for no other page, not even one that is listed', async () => {
    const url = `${gateway.url}/admin`;
    for (const headers of [
      fetched('cross-site', 'cors', 'https://app.example'),
      fetched('cross-site', 'navigate'),
    ]) {
      expect(await sendAsPage(url, headers)).toMatchObject({ status: 403 });
    }
    expect(await sendAsPage(url, fetched('none', 'navigate'))).toMatchObject({ status: 200 });
  });
});
