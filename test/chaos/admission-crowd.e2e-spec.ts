import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BusyUpstream } from '../support/busy-upstream.js';
import { Gateway } from '../support/gateway.js';
import { REQUEST_FORMS, type RequestForm } from '../support/request-forms.js';
import { type CallerResponse, SlowCaller } from '../support/slow-caller.js';
import { within } from '../support/within.js';

const CALLERS = Array.from({ length: 100 }, (_, n) => String(n));
const AT_ONCE = 4;

async function expectAnswers(responses: readonly CallerResponse[]): Promise<void> {
  const bodies = await Promise.all(responses.map((response) => response.rest()));
  for (const [n, body] of bodies.entries()) {
    expect(body).toContain(`answer to ${n}.`);
    expect(responses[n]!.cleanEnd).toBe(true);
  }
}

describe('a hundred callers at once, for a backend that takes four,', () => {
  let gateway: Gateway;
  let upstream: BusyUpstream;
  let callers: SlowCaller[];
  /** What was asked for, in the order in which it came to Sluice. */
  let asked: string[];
  beforeEach(async () => {
    gateway = await Gateway.start({ room: { openai: AT_ONCE } });
    upstream = new BusyUpstream(gateway.openai);
    callers = await Promise.all(CALLERS.map(() => SlowCaller.connect(gateway.url)));
    asked = [];
    gateway.server.on('request', ({ headers }: IncomingMessage) => {
      const id = headers['x-request-id'];
      if (id !== undefined) asked.push(String(id));
    });
  });
  afterEach(async () => {
    for (const caller of callers) caller.leave();
    await gateway.close();
  });

  function askAll(formOf: (n: number) => RequestForm): CallerResponse[] {
    return CALLERS.map((message, n) =>
      callers[n]!.send({
        ...formOf(n).ask('gpt-only', message),
        headers: { 'x-request-id': message },
      }),
    );
  }

  /** The upstream answers in the order of arrival, each time when it has as many as it takes. */
  async function answerAll(): Promise<void> {
    for (const n of CALLERS.keys()) {
      await within(upstream.arrived(Math.min(n + AT_ONCE - 1, 99)), `request ${n} arrives`);
      await upstream.letGo(n);
    }
  }

  it.each(REQUEST_FORMS)(
    'are all answered in the order in which they came ($name)',
    async (form) => {
      const completed = await gateway.metric('llm_streams_total', { end_reason: 'completed' });
      const waited = await gateway.metric('llm_queue_wait_seconds_count');
      const responses = askAll(() => form);
      await answerAll();
      await expectAnswers(responses);

      expect(upstream.most).toBe(AT_ONCE);
      // The first four have connections of their own to the upstream: no order among them.
      expect(new Set(upstream.messages.slice(0, AT_ONCE))).toEqual(
        new Set(asked.slice(0, AT_ONCE)),
      );
      expect(upstream.messages.slice(AT_ONCE)).toEqual(asked.slice(AT_ONCE));
      await gateway.ended(99);
      expect(await gateway.metric('llm_streams_total', { end_reason: 'completed' })).toBe(
        completed + 100,
      );
      expect(await gateway.metric('llm_queue_wait_seconds_count')).toBe(waited + 96);
      expect(await gateway.metric('llm_active_streams')).toBe(0);
    },
  );

  it('are all answered when they ask in all forms, and the upstream never sees five', async () => {
    const responses = askAll((n) => REQUEST_FORMS[n % REQUEST_FORMS.length]!);
    await answerAll();
    await expectAnswers(responses);
    expect(upstream.most).toBe(AT_ONCE);
    expect(gateway.openai.connections).toBeLessThanOrEqual(2 * AT_ONCE);
  });
});
