import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { MAX_ENDED } from '../../src/telemetry/flight-recorder.js';
import { accessKey } from '../support/access-key.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const SECRET_WORDS = 'what nobody may read';

const teamA = accessKey('team-a');
const teamB = accessKey('team-b');
const operator = accessKey('operator', { admin: true });
const KEYS = { mode: 'keys', keys: [teamA.entry, teamB.entry, operator.entry] };

describe('The flight recorder', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ access: KEYS });
  });
  afterEach(() => gateway.close());

  async function streams(query = ''): Promise<JsonObject[]> {
    const response = await gateway.get(`/admin/streams${query}`, operator.headers);
    return ((await response.json()) as { streams: JsonObject[] }).streams;
  }

  async function modelsOf(query: string): Promise<unknown[]> {
    return (await streams(query)).map((each) => each['model']);
  }

  async function stream(id: unknown): Promise<JsonObject> {
    const response = await gateway.get(`/admin/streams/${String(id)}`, operator.headers);
    return (await response.json()) as JsonObject;
  }

  function remove(path: string): Promise<Response> {
    return fetch(gateway.url + path, { method: 'DELETE', headers: operator.headers });
  }

  /** A stream that has its first token, and waits for the next. */
  async function openStream(headers = teamA.headers): Promise<SseReader> {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.complete(
      { messages: [{ role: 'user', content: SECRET_WORDS }] },
      headers,
    );
    await step.next(SECRET_WORDS);
    const reader = new SseReader(await response);
    await reader.next();
    return reader;
  }

  it('shows an open stream and whom it waits for, never what was said', async () => {
    await openStream();
    const [open, ...others] = await streams('?state=open');
    expect(others).toEqual([]);
    expect(open).toMatchObject({
      state: 'open',
      caller: 'team-a',
      model: 'gpt-only',
      target: 'openai/gpt-4o-2024',
      contentParts: 1,
      contentChars: SECRET_WORDS.length,
      requestBytes: expect.any(Number) as number,
      attempts: [],
      waitingFor: { on: 'upstream' },
    });
    expect(new Date(String(open!['startedAt'])).getTime()).toBeLessThanOrEqual(Date.now());
    expect(JSON.stringify([open, await stream(open!['streamId'])])).not.toContain(SECRET_WORDS);
  });

  it('shows who is asked before anybody has answered', async () => {
    gateway.openai.script(failsWith(429, openAiError('slow')));
    gateway.ollama.script(ollama.stepper().script);
    const response = gateway.complete({ model: 'gpt-4o' }, teamA.headers);
    await gateway.ollama.request(0);
    const [open] = await streams('?state=open');
    expect(open).toMatchObject({
      asking: 'ollama/llama3',
      attempts: [{ target: 'openai/gpt-4o-2024' }],
      waitingFor: { on: 'first_content' },
    });
    expect(open).not.toHaveProperty('target');
    await remove(`/admin/streams/${String(open!['streamId'])}`);
    await (await response).text();
    expect((await streams())[0]).not.toHaveProperty('asking');
  });

  it('keeps an ended one with its attempts and its longest waits', async () => {
    gateway.openai.script(failsWith(429, openAiError('slow')));
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo']));
    await (await gateway.complete({ model: 'gpt-4o' }, teamA.headers)).text();
    const [ended] = await streams('?state=ended');
    expect(ended).toMatchObject({
      state: 'ended',
      endReason: 'completed',
      outputTokens: 3,
      attempts: [
        { target: 'openai/gpt-4o-2024', outcome: 'rate_limited', status: 429 },
        { target: 'ollama/llama3', outcome: 'ok', status: 200 },
      ],
    });
    expect(ended).not.toHaveProperty('waits');
    expect(ended).not.toHaveProperty('waitingFor');
    const { waits, ...rest } = await stream(ended!['streamId']);
    expect(rest).toEqual(ended);
    expect(waits).toEqual(expect.any(Array));
  });

  it('knows the size of a whole answer, too', async () => {
    gateway.openai.script(openAi.answersText('Hello'));
    await (await gateway.complete({ stream: false }, teamA.headers)).text();
    expect(await streams('?state=ended')).toMatchObject([{ contentParts: 0, contentChars: 5 }]);
  });

  it('finds streams by what they are', async () => {
    await openStream();
    gateway.openai.script(openAi.streamsText(['one']), failsWith(500, {}));
    await (await gateway.complete({}, teamB.headers)).text();
    await (await gateway.complete({ model: 'team/gpt' }, teamB.headers)).text();
    expect(await modelsOf('')).toEqual(['gpt-only', 'team/gpt', 'gpt-only']);
    expect(await modelsOf('?caller=team-b')).toEqual(['team/gpt', 'gpt-only']);
    expect(await modelsOf('?caller=team-b&model=gpt-only')).toEqual(['gpt-only']);
    expect(await modelsOf('?endReason=upstream_error')).toEqual(['team/gpt']);
    expect(await modelsOf('?limit=1')).toEqual(['gpt-only']);
    expect(await modelsOf('?caller=nobody')).toEqual([]);
  });

  it.each([
    ['?state=running', 'state'],
    ['?limit=0', 'limit'],
    ['?limit=1e2', 'limit'],
    ['?limit=100000', 'limit'],
    ['?caller=a&caller=b', 'caller'],
    ['?colour=red', 'colour'],
  ])('refuses %s, and names the parameter', async (query, param) => {
    const response = await gateway.get(`/admin/streams${query}`, operator.headers);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { param } }]);
  });

  it('ends a stream whose caller is told', async () => {
    const reader = await openStream();
    const [open] = await streams('?state=open');
    const path = `/admin/streams/${String(open!['streamId'])}`;
    const response = await remove(path);
    expect([response.status, await response.json()]).toEqual([200, { closed: 1 }]);
    await within(reader.all(), 'the stream ends');
    expect(reader.raw).toContain('operator_closed');
    expect(reader.ended).toBe('cut');
    expect(await gateway.ended()).toMatchObject({
      endReason: 'operator_closed',
      fault: 'operator_closed',
      attempts: [{ outcome: 'cancelled' }],
    });
    expect((await remove(path)).status).toBe(404);
    expect(gateway.log.text).toContain('stream ended by an operator');
  });

  it('answers 403 where the status was not sent yet, and no client asks again', async () => {
    gateway.openai.script(openAi.stepper().script);
    const response = gateway.complete({ stream: false }, teamA.headers);
    await gateway.openai.request(0);
    await remove('/admin/streams?caller=team-a');
    const { status, headers } = await response;
    expect([status, headers.get('x-should-retry')]).toEqual([403, 'false']);
  });

  it('ends all streams of a caller, and of no other', async () => {
    const readers = [await openStream(), await openStream(), await openStream(teamB.headers)];
    const response = await remove('/admin/streams?caller=team-a');
    expect(await response.json()).toEqual({ closed: 2 });
    await within(Promise.all([readers[0]!.all(), readers[1]!.all()]), 'the streams end');
    expect((await streams('?state=open')).map((each) => each['caller'])).toEqual(['team-b']);
  });

  it('does not end everything because nobody is named', async () => {
    await openStream();
    for (const path of ['/admin/streams', '/admin/streams?caller=', '/admin/streams?model=gpt']) {
      expect((await remove(path)).status).toBe(400);
    }
    expect(await streams('?state=open')).toHaveLength(1);
  });

  it('knows streams by their own ids: those of requests may come twice', async () => {
    const headers = { ...teamA.headers, 'x-request-id': 'same' };
    gateway.openai.script(openAi.streamsText(['one']));
    await (await gateway.complete({}, headers)).text();
    await (await gateway.complete({}, headers)).text();
    const both = await streams();
    expect(both.map((each) => each['requestId'])).toEqual(['same', 'same']);
    expect(new Set(both.map((each) => each['streamId'])).size).toBe(2);
    expect((await gateway.get('/admin/streams/same', operator.headers)).status).toBe(404);
  });

  it(`keeps the last ${MAX_ENDED} streams, and no more`, async () => {
    gateway.openai.script(openAi.answersText('one'));
    for (let n = 0; n < MAX_ENDED + 20; n += 20) {
      const asked = Array.from({ length: 20 }, () =>
        gateway.complete({ stream: false }, teamA.headers),
      );
      await Promise.all(asked.map(async (response) => (await response).text()));
    }
    expect(await streams('?limit=1000')).toHaveLength(MAX_ENDED);
    const { streamId } = await gateway.ended(0);
    expect((await gateway.get(`/admin/streams/${String(streamId)}`, operator.headers)).status).toBe(
      404,
    );
  }, 30_000);

  it.each(['streams', 'streams/x', 'targets', 'config', 'events'])(
    'has nothing at /admin/%s for others than operators',
    async (path) => {
      expect((await gateway.get(`/admin/${path}`)).status).toBe(401);
      expect((await gateway.get(`/admin/${path}`, teamA.headers)).status).toBe(403);
    },
  );

  it('is live as an event stream', async () => {
    const response = await gateway.get('/admin/events', operator.headers);
    const reader = new SseReader(response);
    const next = async () => JSON.parse((await reader.nextEvent())!.data!) as JsonObject;
    expect(await next()).toMatchObject({
      process: {
        slots: { inUse: 0, limit: 500 },
        queue: { length: 0, limit: 500 },
        isDraining: false,
      },
      streams: [],
      targets: expect.arrayContaining([
        expect.objectContaining({ id: 'openai/gpt-4o-2024', breaker: 'closed', inFlight: 0 }),
      ]) as object[],
    });
    await openStream();
    let seen = await next();
    while ((seen['streams'] as []).length === 0) seen = await next();
    expect(seen).toMatchObject({ process: { slots: { inUse: 1 } }, streams: [{ state: 'open' }] });
    await reader.leave();
  });

  it('leaves out none that hangs, however many are open', async () => {
    const first = await openStream();
    const [{ streamId } = {}] = await streams('?state=open');
    const others: SseReader[] = [];
    for (let n = 0; n < 100; n += 1) others.push(await openStream());
    const reader = new SseReader(await gateway.get('/admin/events', operator.headers));
    const snapshot = JSON.parse((await reader.nextEvent())!.data!) as { streams: JsonObject[] };
    expect(snapshot.streams).toHaveLength(100);
    expect(snapshot.streams.at(-1)).toMatchObject({ streamId });
    await Promise.all([reader, first, ...others].map((each) => each.leave()));
  });

  it('is made once for all who look at the same time', async () => {
    const times = Array.from({ length: 100 }, async () => {
      const reader = new SseReader(await gateway.get('/admin/events', operator.headers));
      const { at } = JSON.parse((await reader.nextEvent())!.data!) as JsonObject;
      await reader.leave();
      return at;
    });
    expect(new Set(await Promise.all(times)).size).toBeLessThan(20);
  });

  it('holds no exit: its event stream ends when nobody is served any more', async () => {
    const reader = new SseReader(await gateway.get('/admin/events', operator.headers));
    await reader.nextEvent();
    const down = gateway.shutDown();
    await within(reader.all(), 'the event stream ends');
    expect(reader.ended).toBe('clean');
    await within(down, 'the service is down');
  });
});
