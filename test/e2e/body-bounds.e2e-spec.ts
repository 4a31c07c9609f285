import { constants, deflateSync, gzipSync, brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BODY_FORMS } from '../support/body-forms.js';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

const MANY = 6_500_000;

/** Values as a hostile caller writes them: each takes far more on the heap than in the body. */
const SMALL_VALUES: readonly (readonly [what: string, values: string])[] = [
  ['objects', `[${'{},'.repeat(MANY)}{}]`],
  ['arrays', `[${'[],'.repeat(MANY)}[]]`],
  ['empty texts', `[${'"",'.repeat(MANY)}""]`],
  ['numbers', `[${'0,'.repeat(MANY)}0]`],
  ['fields of one object', `{${'"":0,'.repeat(MANY / 2)}"":0}`],
  ['objects in objects', `[${'{"a":{"a":[0]}},'.repeat(MANY / 8)}0]`],
];

/** 256 MB in a fraction of a megabyte. */
const SPACES = Buffer.alloc(256 * 1024 * 1024, 0x20);
const BOMBS = [
  ['gzip', gzipSync(SPACES)],
  ['br', brotliCompressSync(SPACES, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })],
] as const;

/** The body with its last field being `json`. */
const withField = (body: object, name: string, json: string): string =>
  `${JSON.stringify(body).slice(0, -1)},"${name}":${json}}`;

describe('a body', () => {
  let gateway: Gateway;
  async function start(server: object = {}): Promise<void> {
    gateway = await Gateway.start({ server });
    gateway.openai.script(openAi.streamsText(['Hi']));
  }
  beforeEach(() => start());
  afterEach(() => gateway.close());

  /** The error of a request that no upstream has seen, and what the longest turn until then took. */
  async function refusal(path: string, body: string | Buffer, headers = {}) {
    const delay = longestTurn();
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const error = await errorOf(response);
    expect(gateway.openai.requests).toHaveLength(0);
    return { error, headers: response.headers, longestTurnMs: delay() };
  }

  describe.each(BODY_FORMS)('of $form', ({ path, body }) => {
    it.each(SMALL_VALUES)(
      'of 20 MB of small %s is a 413 before it is parsed',
      async (_, values) => {
        const { error, longestTurnMs } = await refusal(path, withField(body, 'x', values));
        expect([error.status, error.code]).toEqual([413, 'request_too_large']);
        expect(error.message).toContain('200000 values');
        // Parsed it takes seconds; this process also builds and sends it.
        expect(longestTurnMs).toBeLessThan(1000);
      },
    );

    it('whose conversation is 660,000 objects is a 413', async () => {
      const { error } = await refusal(path, `{"messages":[${'{},'.repeat(660_000)}{}]}`);
      expect([error.status, error.code]).toEqual([413, 'request_too_large']);
    });

    it('of more than 10,000 messages is a 400 that names them', async () => {
      const messages = Array.from({ length: 10_001 }, () => ({ role: 'user', content: 'a' }));
      const { error } = await refusal(path, JSON.stringify({ ...body, messages }));
      expect([error.status, error.param]).toEqual([400, 'messages']);
      expect(error.message).toContain('10000');
    });

    it('that is wrong in every message is a 400 that names the first', async () => {
      const messages = Array.from({ length: 9999 }, () => ({ role: 'robot', content: 5 }));
      const { error } = await refusal(path, JSON.stringify({ ...body, messages }));
      expect([error.status, error.param]).toEqual([400, 'messages[0].role']);
    });

    it('of exactly 10,000 messages is taken', async () => {
      const messages = Array.from({ length: 10_000 }, () => ({ role: 'user', content: 'a' }));
      await gateway.post(path, { ...body, messages });
      const asked = (await gateway.openai.request(0)).body['messages'];
      expect(asked).toHaveLength(10_000);
    });

    it('that is one text of 19 MB, full of quotes and brackets, is taken', async () => {
      const content = '"[{\\,'.repeat(1_900_000);
      const answer = await gateway.post(path, { ...body, messages: [{ role: 'user', content }] });
      // Says what went wrong where it was not taken.
      expect(await answer.text()).toContain('Hi');
      const [message] = (await gateway.openai.request(0)).body['messages'] as object[];
      expect(message).toEqual({ role: 'user', content });
    });

    it('that is nested too deeply is a 400 before it is parsed', async () => {
      const { error } = await refusal(path, withField(body, 'x', '['.repeat(1_000_000)));
      expect([error.status, error.message]).toEqual([400, expect.stringContaining('100 levels')]);
    });

    it.each(['gzip', 'deflate', 'br', 'zstd', 'gzip, gzip', 'lzma'])(
      'that is compressed (%s) is a 415 that says what is taken',
      async (encoding) => {
        const bytes = gzipSync(JSON.stringify(body));
        const { error, headers } = await refusal(path, bytes, { 'content-encoding': encoding });
        expect([error.status, error.code]).toEqual([415, 'unsupported_encoding']);
        expect(headers.get('accept-encoding')).toBe('identity');
      },
    );

    it('that says it is not compressed is taken', async () => {
      await gateway.post(path, body, { 'content-encoding': 'identity' });
      const asked = await gateway.openai.request(0);
      expect(asked.body['messages']).toEqual([{ role: 'user', content: 'Hi' }]);
    });

    describe('where bodies may be compressed', () => {
      beforeEach(async () => {
        await gateway.close();
        await start({ compressedBodies: true, bodyLimit: '1mb' });
      });

      it.each([
        ['gzip', gzipSync],
        ['deflate', deflateSync],
        ['br', brotliCompressSync],
      ] as const)('is inflated: %s', async (encoding, compress) => {
        await fetch(gateway.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-encoding': encoding },
          body: compress(JSON.stringify(body)),
        });
        const asked = await gateway.openai.request(0);
        expect(asked.body['messages']).toEqual([{ role: 'user', content: 'Hi' }]);
      });

      it.each(BOMBS)(
        'is left where it grows over the limit: a bomb in %s',
        async (encoding, bomb) => {
          const before = process.memoryUsage.rss();
          const { error } = await refusal(path, bomb, { 'content-encoding': encoding });
          expect([error.status, error.code]).toEqual([413, 'request_too_large']);
          expect(process.memoryUsage.rss() - before).toBeLessThan(SPACES.length / 2);
        },
      );

      it.each([
        ['is none', Buffer.from('{"messages":[]}')],
        ['is cut', gzipSync(JSON.stringify(body)).subarray(0, -9)],
      ])('is a 400 where its gzip %s', async (_, bytes) => {
        const { error } = await refusal(path, bytes, { 'content-encoding': 'gzip' });
        expect([error.status, error.message]).toEqual([400, expect.stringContaining('decompress')]);
      });

      it('is a 415 in an encoding that is not known', async () => {
        const { error, headers } = await refusal(path, 'x', { 'content-encoding': 'zstd' });
        expect([error.status, headers.get('accept-encoding')]).toEqual([415, 'gzip, deflate, br']);
      });
    });
  });
});

/** What the longest turn of the event loop took from now on; in CPU time, as others use the machine, too. */
function longestTurn(): () => number {
  let longest = 0;
  let last = process.threadCpuUsage();
  const look = () => {
    const now = process.threadCpuUsage();
    longest = Math.max(longest, (now.user + now.system - last.user - last.system) / 1000);
    last = now;
  };
  const timer = setInterval(look, 5);
  return () => {
    clearInterval(timer);
    look();
    return longest;
  };
}
