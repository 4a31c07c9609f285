import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { accessKey } from '../support/access-key.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith } from '../support/upstream-scripts.js';
import { usageReport as report } from '../support/usage-report.js';

const PRICE = { input: 2, output: 10 };
const SECRET = 'Nobody may ever read this in a ledger.';

const MODELS = [
  {
    id: 'priced',
    targets: [
      { backend: 'openai', model: 'gpt', price: PRICE },
      { backend: 'ollama', model: 'llama3' },
    ],
  },
  { id: 'unpriced', targets: ['ollama/llama3'] },
];

let folder: string;
let file: string;
let gateway: Gateway | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-usage-'));
  file = join(folder, 'usage.db');
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await rm(folder, { recursive: true });
});

async function start(settings: GatewaySettings = {}): Promise<Gateway> {
  gateway = await Gateway.start({ models: MODELS, usage: { file }, ...settings });
  return gateway;
}

/** Of a caller beyond this machine. */
async function status(headers: Record<string, string>): Promise<number> {
  return (await gateway!.get('/admin/usage', { 'x-forwarded-for': '192.0.2.1', ...headers }))
    .status;
}

/** What is there when the service has ended. */
async function rowsAtTheEnd(): Promise<JsonObject[]> {
  await gateway!.shutDown();
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT * FROM sluice_usage ORDER BY ended_at, request_id').all();
  database.close();
  return rows;
}

const ask = async (model: string, fields: object = {}, headers: Record<string, string> = {}) =>
  (await gateway!.complete({ model, ...fields }, headers)).text().catch(() => '');

describe('The usage ledger', () => {
  it('has a row for a generation, with everything but what was said', async () => {
    const key = accessKey('team-a');
    const { openai } = await start({ access: { mode: 'keys', keys: [key.entry] } });
    const counts = {
      prompt_tokens: 100,
      completion_tokens: 50,
      prompt_tokens_details: { cached_tokens: 80 },
      completion_tokens_details: { reasoning_tokens: 30 },
    };
    openai.script(openAi.streamsText([SECRET], { counts }));
    const startedAt = Date.now();
    const messages = [{ role: 'user', content: SECRET }];
    await ask('priced', { messages }, { ...key.headers, 'x-request-id': 'mine-1' });
    const { streamId } = await gateway!.ended();
    const [row, ...others] = await rowsAtTheEnd();
    expect(others).toEqual([]);
    expect({ ...row }).toEqual({
      ended_at: expect.any(Number) as number,
      stream_id: streamId,
      request_id: 'mine-1',
      caller: 'team-a',
      model: 'priced',
      target: 'openai/gpt',
      input_tokens: 100,
      output_tokens: 50,
      cached_input_tokens: 80,
      reasoning_tokens: 30,
      source: 'reported',
      cost_usd: (100 * 2 + 50 * 10) / 1e6,
      end_reason: 'completed',
    });
    expect(row!['ended_at']).toBeGreaterThanOrEqual(startedAt);
    expect(JSON.stringify(row)).not.toContain(SECRET);
  });

  it('has the ends that were no answers, too', async () => {
    const { openai, ollama: other } = await start();
    openai.script(failsWith(500, openAiError('no')));
    other.script(ollama.streamsTextThenCuts(['a', 'b', 'c']), failsWith(500, {}));
    await ask('unpriced', {}, { 'x-request-id': '1' });
    await ask('priced', {}, { 'x-request-id': '2' });
    const rows = await rowsAtTheEnd();
    expect(rows.map((row) => ({ ...row }))).toMatchObject([
      {
        target: 'ollama/llama3',
        input_tokens: null,
        output_tokens: 3,
        source: 'counted',
        cost_usd: null,
        end_reason: 'upstream_cut',
      },
      { target: null, output_tokens: null, source: null, end_reason: 'upstream_error' },
    ]);
  });

  it('has the stream of a caller that left, before the service ends', async () => {
    const { openai } = await start();
    const step = openAi.stepper();
    openai.script(step.script);
    const responding = gateway!.complete({ model: 'priced' });
    await step.next('a');
    const reader = new SseReader(await responding);
    while (!reader.raw.includes('"a"')) await reader.next();
    await reader.leave();
    await gateway!.ended();
    expect(await rowsAtTheEnd()).toMatchObject([
      { end_reason: 'client_closed', output_tokens: 1, cost_usd: 10 / 1e6 },
    ]);
  });

  it('is off by default, and says so where it is asked', async () => {
    await start({ usage: undefined as never });
    const response = await gateway!.get('/admin/usage');
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { error: { message: expect.stringMatching(/set usage\.url .* or usage\.file /) as string } },
    ]);
  });

  it('writes while the service runs, and once', async () => {
    const { ollama: upstream } = await start();
    upstream.script(ollama.streamsText(['a']));
    await ask('unpriced');
    expect(await report(gateway!, '', 1)).toMatchObject([{ inputTokens: 9, outputTokens: 3 }]);
    await ask('unpriced');
    await report(gateway!, '', 2);
    expect(await rowsAtTheEnd()).toHaveLength(2);
  });

  it('is a file that nobody else may read', async () => {
    await start();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('goes on where it was after a restart', async () => {
    for (const requests of [1, 2]) {
      const { ollama: upstream } = await start();
      upstream.script(ollama.streamsText(['a']));
      await ask('unpriced');
      expect(await rowsAtTheEnd()).toHaveLength(requests);
      await gateway!.close();
    }
  });

  it('waits for a store that is busy, lets no stream wait for it, and loses nothing', async () => {
    const { ollama: upstream } = await start({ usage: { file, timeoutMs: 100 } });
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    upstream.script(ollama.streamsText(['a']));
    await ask('unpriced');
    while (!gateway!.log.text.includes('the usage store fails')) await ask('unpriced');
    const dropped = await gateway!.metric('sluice_usage_rows_dropped_total');
    const asked = gateway!.ollama.requests.length;
    other.exec('COMMIT');
    other.close();
    await report(gateway!, '', asked);
    expect(gateway!.log.text).toContain('the usage store is back');
    expect(await gateway!.metric('sluice_usage_rows_dropped_total')).toBe(dropped);
  });

  it('counts what it could not write when the service ends, and does not hold the exit', async () => {
    const { ollama: upstream } = await start({ usage: { file, timeoutMs: 100 } });
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    upstream.script(ollama.streamsText(['a']));
    await ask('unpriced');
    const startedAt = performance.now();
    await gateway!.shutDown();
    expect(performance.now() - startedAt).toBeLessThan(8000);
    expect(gateway!.log.text).toContain('["usage rows are not known to be written",{"rows":1}');
    other.close();
  });

  it('is for admins only, and for no page of another origin', async () => {
    const [admin, other] = [accessKey('ops', { admin: true }), accessKey('team-a')];
    const access = { mode: 'keys', keys: [admin.entry, other.entry] };
    await start({ access, browsers: { origins: ['https://app.example.com'] } });
    expect(await status({})).toBe(401);
    expect(await status(other.headers)).toBe(403);
    expect(await status(admin.headers)).toBe(200);
    const page = { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' };
    expect(await status({ ...admin.headers, ...page, 'sec-fetch-mode': 'cors' })).toBe(403);
  });

  it('keeps the service from starting where its file is no ledger', async () => {
    await writeFile(file, 'This is a diary, and no database. '.repeat(100));
    await expect(start()).rejects.toThrow(
      /usage\.file: .*usage\.db cannot be used for the usage ledger \(file is not a database\): name another file/,
    );
  });
});

describe('GET /admin/usage', () => {
  let running: Gateway;
  beforeAll(async () => {
    const folderOfAll = await mkdtemp(join(tmpdir(), 'sluice-usage-'));
    running = await Gateway.start({
      models: MODELS,
      usage: { file: join(folderOfAll, 'usage.db') },
    });
    running.openai.script(openAi.streamsText(['a']));
    running.ollama.script(ollama.streamsText(['a']));
    for (const model of ['priced', 'priced', 'unpriced']) {
      await (await running.complete({ model })).text();
    }
    await report(running, '', 3);
    return async () => {
      await running.close();
      await rm(folderOfAll, { recursive: true });
    };
  });

  it.each([
    ['', [{ requests: 3, outputTokens: 9, costUsd: 0.000096, requestsWithoutCost: 1 }]],
    [
      'by=model',
      [
        { model: 'priced', requests: 2 },
        { model: 'unpriced', requests: 1 },
      ],
    ],
    ['by=day,caller', [{ caller: 'anonymous', requests: 3 }]],
    ['from=2020-01-01&to=2020-02-01', [{ requests: 0, costUsd: 0 }]],
    ['from=2020-01-01T00:00:00%2B02:00&by=model,caller,day', [{ model: 'priced' }, {}]],
  ])('sums up what ?%s asks for', async (query, expected) => {
    const response = await running.get(`/admin/usage?${query}`);
    expect(await response.json()).toMatchObject({ rows: expected });
  });

  it('says which time its sums are of, and by what', async () => {
    const response = await running.get('/admin/usage?from=2026-01-01&to=2026-02-01T12:30&by=day');
    expect(await response.json()).toEqual({
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-02-01T12:30:00.000Z',
      by: ['day'],
      rows: [],
    });
  });

  it.each([
    ['from', 'from=yesterday'],
    ['from', 'from='],
    ['from', 'from=2026-02-31'],
    ['from', 'from=2026-13-01T00:00:00Z'],
    ['from', 'from=2026-02-31T00:00:00Z'],
    ['from', 'from=2026-01-02&to=2026-01-02'],
    ['from', 'from=2026-01-02&to=2026-01-01'],
    ['to', 'to=1'],
    ['to', 'to=2026-01-01&to=2026-01-02'],
    ['by', 'by='],
    ['by', 'by=caller,caller'],
    ['by', 'by=caller;drop'],
    ['by[]', 'by[]=caller'],
    ['by', 'by=Day'],
    ['until', 'until=2026-01-01'],
    ['__proto__', '__proto__=1'],
  ])('refuses a bad %s in ?%s', async (param, query) => {
    const response = await running.get(`/admin/usage?${query}`);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { param } }]);
  });
});
