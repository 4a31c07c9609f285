import { afterEach, describe, expect, it } from 'vitest';
import { errorOf } from '../support/error-body.js';
import type { GatewaySettings } from '../support/gateway.js';
import { changes } from '../support/metric-lines.js';
import { REQUEST_FORMS, type RequestForm } from '../support/request-forms.js';
import type { CallerResponse } from '../support/slow-caller.js';
import { strictChat } from '../support/strict-stream.js';
import { FullBackend } from '../support/full-backend.js';
import { within } from '../support/within.js';

/** What a caller gets whose request was refused before it became a stream. */
async function refusal(response: CallerResponse) {
  const body = await within(response.rest(), 'a refusal');
  const { status, headers } = await response.head();
  const error = await errorOf(new Response(body, { status, headers }));
  return { error, headers };
}

/** What a caller gets whose request was refused after it had waited. */
async function refusalAfterWait(form: RequestForm, response: CallerResponse): Promise<unknown[]> {
  if (form.dialect === 'chat-completions') {
    const { error } = await refusal(response);
    return [error.status, error.code];
  }
  const body = await within(response.rest(), 'the stream ends');
  const { events, last } = strictChat(body, response.cleanEnd ? 'clean' : 'cut');
  expect(events).toEqual([]);
  return [(await response.head()).status, last?.['code']];
}

/** What the form's dialect says: a status, or after 200 an event. */
function said({ dialect }: RequestForm, fault: string): unknown[] {
  return [dialect === 'event-source' ? 200 : 503, fault];
}

describe('a request that there is no room for', () => {
  let full: FullBackend;
  afterEach(() => full.close());

  async function start(settings: GatewaySettings): Promise<void> {
    full = await FullBackend.start(settings);
  }

  describe.each(REQUEST_FORMS)('$name', (form) => {
    it('is answered 503 at once when as many wait as may', async () => {
      await start({ limits: { queue: { size: 1 } } });
      await full.queue(form.ask('gpt-only', 'second'));
      let error, headers;
      const changed = await changes(full.gateway, async () => {
        const { response } = await full.send(form.ask('gpt-only', 'third'));
        ({ error, headers } = await refusal(response));
      });
      expect(error).toMatchObject({ status: 503, type: 'server_error', code: 'overloaded' });
      const { 'retry-after': seconds, 'retry-after-ms': ms } = headers!;
      expect(seconds).toMatch(/^[12]$/);
      expect(Number(ms)).toBeGreaterThanOrEqual(1000);
      expect(Number(ms)).toBeLessThanOrEqual(2000);
      expect(headers).not.toHaveProperty('x-should-retry');
      // It never was a stream.
      expect(changed).toEqual({ 'llm_rejections_total{fault="overloaded"}': 1 });

      await full.upstream.letGo(0);
      await full.upstream.letGo(1);
      expect(full.upstream.messages).toEqual(['first', 'second']);
    });

    it('is answered 503 at once when the process is full and none may wait', async () => {
      await start({ room: {}, limits: { streams: 1, queue: { size: 0 } } });
      const { response } = await full.send(form.ask('llama3'));
      expect((await refusal(response)).error).toMatchObject({ status: 503, code: 'overloaded' });
      expect(full.gateway.ollama.requests).toEqual([]);
    });

    it('is refused after maxWaitMs, and the upstream never hears of it', async () => {
      await start({ limits: { queue: { maxWaitMs: 40 } } });
      const changed = await changes(full.gateway, async () => {
        const { response } = await full.send(form.ask('gpt-only', 'second'));
        expect(await refusalAfterWait(form, response)).toEqual(said(form, 'overloaded'));
        await full.gateway.ended();
      });
      const record = await full.gateway.ended();
      expect(record).toMatchObject({ endReason: 'overloaded', fault: 'overloaded', attempts: [] });
      expect(record['queuedMs']).toBeGreaterThan(20);
      expect(changed).toEqual({
        [`llm_streams_total{caller="anonymous",model="gpt-only",backend="none",dialect="${form.dialect}",end_reason="overloaded"}`]: 1,
        'llm_stream_duration_seconds_count{model="gpt-only",end_reason="overloaded"}': 1,
        'llm_queue_wait_seconds_count{model="gpt-only"}': 1,
      });
      await full.upstream.letGo(0);
      expect(full.upstream.messages).toEqual(['first']);
    });

    it('is refused at once when Sluice goes down while it waits; what runs finishes', async () => {
      await start({});
      const { response } = await full.queue(form.ask('gpt-only', 'second'));
      const down = full.gateway.shutDown();
      expect(await refusalAfterWait(form, response)).toEqual(said(form, 'draining'));
      expect(await full.gateway.ended()).toMatchObject({
        endReason: 'rejected',
        fault: 'draining',
        attempts: [],
      });
      await full.upstream.letGo(0);
      await down;
      expect(await full.gateway.ended(1)).toMatchObject({ endReason: 'completed' });
      expect(full.upstream.messages).toEqual(['first']);
    });

    it('is ended by totalMs, which the wait counts against', async () => {
      await start({
        models: [
          { id: 'gpt-only', targets: ['openai/gpt'] },
          { id: 'hasty', targets: ['openai/gpt'], streams: { totalMs: 40 } },
        ],
      });
      const { response } = await full.send(form.ask('hasty'));
      const [status, fault] = await refusalAfterWait(form, response);
      expect([status, fault]).toEqual([
        form.dialect === 'event-source' ? 200 : 504,
        'total_timeout',
      ]);
      const record = await full.gateway.ended();
      expect(record).toMatchObject({ endReason: 'total_timeout', attempts: [] });
      expect(record['queuedMs']).toBeGreaterThan(20);
    });
  });

  it('gets an error frame and a cut when it had to be told 200 meanwhile', async () => {
    await start({
      streams: { commitAfterMs: 20, heartbeatMs: 10 },
      limits: { queue: { maxWaitMs: 80 } },
    });
    const form = REQUEST_FORMS.find(({ name }) => name === 'a stream of /v1')!;
    const { response } = await full.send(form.ask('gpt-only', 'second'));
    const body = await within(response.rest(), 'the stream ends');
    expect((await response.head()).status).toBe(200);
    expect(body).toContain(': heartbeat\n\n');
    expect(body).toMatch(/data: {"error":{[^\n]*"code":"overloaded"[^\n]*}\n\n$/);
    expect(response.cleanEnd).toBe(false);
  });

  it('is counted once, as a stream or as a rejection, whatever becomes of it', async () => {
    await start({ limits: { queue: { size: 4, maxWaitMs: 60_000 } } });
    const changed = await changes(full.gateway, async () => {
      const waiting = [];
      for (const form of REQUEST_FORMS) waiting.push(await full.queue(form.ask('gpt-only')));
      for (const form of REQUEST_FORMS) {
        await refusal((await full.send(form.ask('gpt-only'))).response);
      }
      waiting[0]!.caller.leave();
      await full.gateway.ended(0);
      await full.upstream.letGo(0);
      for (const n of [1, 2, 3]) {
        await full.upstream.letGo(n);
        await within(waiting[n]!.response.rest(), 'the answer ends');
      }
      await full.gateway.ended(4);
    });
    const total = (name: string) =>
      Object.entries(changed).reduce(
        (sum, [series, by]) => sum + (series.startsWith(name) ? by : 0),
        0,
      );
    // The first one had begun before: it ends among these.
    expect(total('llm_streams_total')).toBe(5);
    expect(total('llm_rejections_total')).toBe(4);
    expect(total('llm_active_streams')).toBe(-1);
  });
});
