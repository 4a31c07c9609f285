import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { chatEvents, textOf } from '../support/chat-events.js';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

const ORIGIN = 'http://localhost:5173';
const EXPIRES_AT = '2026-11-26T12:00:30Z';

const teamA = accessKey('team-a', { limits: { requestsPerMinute: 2 }, models: ['gpt-*'] });
const shortLived = accessKey('short-lived', { expiresAt: EXPIRES_AT });
const body = { model: 'gpt-only', messages: [{ role: 'user', content: 'Hi' }] };

describe('A ticket of a caller with a key', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-26T12:00:00Z') });
    gateway = await Gateway.start({
      access: { mode: 'keys', keys: [teamA.entry, shortLived.entry] },
      browsers: { origins: [ORIGIN] },
    });
    gateway.openai.script(openAi.streamsText(['Hello']));
  });
  afterEach(async () => {
    vi.useRealTimers();
    await gateway.close();
  });

  async function issued({ headers } = teamA): Promise<string> {
    const response = await gateway.post('/chat/tickets', body, headers);
    expect(response.status).toBe(201);
    return ((await response.json()) as { ticket: string }).ticket;
  }

  const use = (ticket: string, headers?: Record<string, string>) =>
    gateway.get(`/chat?ticket=${ticket}`, headers);

  it('is made with a key, and used without one', async () => {
    const keyless = await errorOf(await gateway.post('/chat/tickets', body));
    expect([keyless.status, keyless.code]).toEqual([401, 'invalid_api_key']);
    const response = await use(await issued());
    expect(textOf(await chatEvents(response))).toBe('Hello');
    expect(await gateway.ended()).toMatchObject({ caller: 'team-a' });
    expect((await gateway.get('/chat?message=Hi')).status).toBe(401);
  });

  it('is used as its own caller, whatever else comes with it', async () => {
    const ticket = await issued();
    const response = await use(ticket, { ...shortLived.headers, 'x-api-key': 'rubbish' });
    expect(textOf(await chatEvents(response))).toBe('Hello');
    expect(await gateway.ended()).toMatchObject({ caller: 'team-a' });
  });

  it('is refused when its key is not taken any more', async () => {
    const ticket = await issued(shortLived);
    vi.setSystemTime(Date.parse(EXPIRES_AT));
    const refusal = await errorOf(await use(ticket));
    expect([refusal.status, refusal.message]).toEqual([401, 'This key has expired.']);
    // It is spent.
    expect((await use(ticket)).status).toBe(204);
    expect(gateway.openai.requests).toHaveLength(0);
  });

  it('is refused when its key was disabled meanwhile', async () => {
    const ticket = await issued();
    gateway.reconfigure({
      access: { mode: 'keys', keys: [{ ...teamA.entry, disabled: true }, shortLived.entry] },
    });
    const refusal = await errorOf(await use(ticket));
    expect([refusal.status, refusal.message]).toEqual([401, 'This key is disabled.']);
    expect(gateway.openai.requests).toHaveLength(0);
  });

  it('is not made for a model that its caller may not use', async () => {
    const wanted = { ...body, model: 'llama3' };
    const refusal = await errorOf(await gateway.post('/chat/tickets', wanted, teamA.headers));
    expect([refusal.status, refusal.param]).toEqual([403, 'model']);
  });

  it('is charged to its caller when it is used, and not before', async () => {
    const tickets = [await issued(), await issued(), await issued(), await issued()];
    const first = await use(tickets[0]!);
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    await first.text();
    await (await use(tickets[1]!)).text();
    const limited = await errorOf(await use(tickets[2]!));
    expect([limited.status, limited.code]).toEqual([429, 'rate_limit_exceeded']);
    expect(await gateway.ended(1)).toMatchObject({ caller: 'team-a' });
  });

  it.each([
    ['no key', {}, 401],
    ['a key over its limits', teamA.headers, 429],
  ])('tells a listed page what is wrong with %s', async (_, headers, status) => {
    for (let n = 0; n < 2; n += 1) await (await gateway.post('/chat', body, teamA.headers)).text();
    const response = await gateway.post('/chat', body, { ...headers, origin: ORIGIN });
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(response.headers.get('access-control-expose-headers')).toContain(
      'x-ratelimit-remaining-requests',
    );
    await response.text();
  });

  it('needs no key for the preflight of a listed page', async () => {
    const response = await fetch(`${gateway.url}/chat/tickets`, {
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect([response.status, response.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'authorization,content-type',
    ]);
  });
});
