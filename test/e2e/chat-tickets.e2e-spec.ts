import { EventSource } from 'eventsource';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chatEvents, textOf } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

const messages = [{ role: 'user', content: 'Hi' }];
const body = { model: 'gpt-only', system: 'Be brief.', temperature: 0.5, messages };

interface Issued {
  readonly ticket: string;
  readonly expiresInMs: number;
}

async function streamed(response: Response): Promise<string> {
  expect(response.status).toBe(200);
  return textOf(await chatEvents(response));
}

describe('A ticket', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await gateway.close();
  });

  async function issued(of: object = body, headers: Record<string, string> = {}): Promise<string> {
    const response = await gateway.post('/chat/tickets', of, headers);
    expect(response.status).toBe(201);
    return ((await response.json()) as Issued).ticket;
  }

  const use = (ticket: string, headers?: Record<string, string>) =>
    gateway.get(`/chat?ticket=${ticket}`, headers);

  it('is made for a conversation, and costs nothing yet', async () => {
    const response = await gateway.post('/chat/tickets', body);
    expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(await response.json()).toEqual({
      ticket: expect.stringMatching(/^[\w-]{43}$/) as string,
      expiresInMs: 60_000,
    });
    expect(gateway.openai.requests).toHaveLength(0);
  });

  it('streams the answer to it', async () => {
    const response = await use(await issued());
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('x-sluice-model')).toBe('gpt-only');
    expect(await streamed(response)).toBe('Hello');
    expect(gateway.openai.requests[0]!.body).toMatchObject({
      temperature: 0.5,
      messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
    });
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
  });

  it('streams to an EventSource, which stops when it comes again', async () => {
    const chat = new EventSource(`${gateway.url}/chat?ticket=${await issued()}`);
    let text = '';
    chat.addEventListener('message', ({ data }: { data: string }) => {
      text += (JSON.parse(data) as { text: string }).text;
    });
    // It is not closed on `done`: it reconnects after 3 s, by `retry`, and is stopped by the 204.
    await expect.poll(() => chat.readyState, { timeout: 8000 }).toBe(EventSource.CLOSED);
    expect([text, gateway.openai.requests.length]).toEqual(['Hello', 1]);
  });

  it('is good once', async () => {
    const ticket = await issued();
    await streamed(await use(ticket));
    const again = await use(ticket);
    expect([again.status, await again.text()]).toEqual([204, '']);
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it('is good for one of two that come at the same time', async () => {
    const ticket = await issued();
    const answers = await Promise.all([use(ticket), use(ticket), use(ticket)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 204, 204]);
    await Promise.all(answers.map((answer) => answer.text()));
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it('is good for a minute', async () => {
    const tickets = [await issued(), await issued()];
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 55_000);
    await streamed(await use(tickets[0]!));
    clock.mockImplementation(() => now() + 60_000);
    expect((await use(tickets[1]!)).status).toBe(204);
  });

  it.each(['', 'a', 'a'.repeat(43), 'a'.repeat(10_000), '%00', '../x'])(
    'that was never made is a 204: %s',
    async (ticket) => expect((await use(ticket)).status).toBe(204),
  );

  it('is not spent by who reconnects, asks for the head, or says more', async () => {
    const ticket = await issued();
    expect((await use(ticket, { 'last-event-id': 'a:1' })).status).toBe(204);
    const head = await fetch(`${gateway.url}/chat?ticket=${ticket}`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    for (const more of ['message=Hi', 'model=llama3', 'ticket=a']) {
      const response = await gateway.get(`/chat?ticket=${ticket}&${more}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { param: 'ticket', message: expect.stringContaining('only parameter') as string },
      });
    }
    expect(await streamed(await use(ticket))).toBe('Hello');
  });

  it('is not spent on an instance that is full', async () => {
    const full = await Gateway.start({ limits: { streams: 1, queue: { size: 0 } } });
    full.openai.script(openAi.stallsAfter(['Hel']), openAi.streamsText(['Hello']));
    const { ticket } = (await (await full.post('/chat/tickets', body)).json()) as Issued;
    const leaving = new AbortController();
    const running = await full.get('/chat/gpt-only?message=Hi', {}, leaving.signal);
    expect(running.status).toBe(200);
    expect((await full.get(`/chat?ticket=${ticket}`)).status).toBe(503);
    leaving.abort();
    await full.ended();
    expect(await streamed(await full.get(`/chat?ticket=${ticket}`))).toBe('Hello');
    await full.close();
  });

  it('is refused for what is wrong with the conversation, when it is asked for', async () => {
    const refusals = [
      [{ messages: 'Hi' }, {}, 400, 'messages'],
      [{ ...body, tempreature: 1 }, {}, 400, 'tempreature'],
      [{ ...body, model: 'nope' }, {}, 404, 'model'],
      [body, { 'x-sluice-timeout-ms': 'soon' }, 400, 'x-sluice-timeout-ms'],
      ['{', {}, 400, null],
    ] as const;
    for (const [wrong, headers, status, param] of refusals) {
      const response = await gateway.post('/chat/tickets', wrong, headers);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { param } });
    }
  });

  it('is refused for more than 1 MiB, which POST /chat takes', async () => {
    const large = { messages: [{ role: 'user', content: 'x'.repeat(1024 * 1024) }] };
    expect((await gateway.post('/chat/tickets', large)).status).toBe(413);
    expect((await gateway.post('/chat', large)).status).toBe(200);
  });

  it('keeps the headers that a generation reads, and no others', async () => {
    gateway.openai.script(openAi.resetsAfter([]));
    const ticket = await issued(
      { messages, model: 'gpt-4o' },
      { 'x-sluice-fallback': 'never', 'x-request-id': 'of-the-ticket' },
    );
    const response = await use(ticket, { 'x-request-id': 'of-its-use' });
    expect(response.headers.get('x-request-id')).toBe('of-its-use');
    expect((await chatEvents(response)).at(-1)!.type).toBe('failed');
    expect(gateway.ollama.requests).toHaveLength(0);
  });

  it('is one of at most 100 that a caller may have open', async () => {
    const tickets: string[] = [];
    for (let n = 0; n < 100; n += 1) tickets.push(await issued());
    const refused = await gateway.post('/chat/tickets', body);
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([429, true]);
    expect(await refused.text()).toContain('100 tickets of yours are open');
    await streamed(await use(tickets[50]!));
    await issued();
    expect((await gateway.post('/chat/tickets', body)).status).toBe(429);
  });

  it('is one of as many as fit into 64 MiB', async () => {
    const large = { messages: [{ role: 'user', content: 'x'.repeat(1024 * 1024 - 100) }] };
    for (let n = 0; n < 63; n += 1) await issued(large);
    const refused = await gateway.post('/chat/tickets', large);
    expect(refused.status).toBe(503);
    expect(await refused.text()).toContain('requests that have a ticket');
    expect((await gateway.post('/chat', large)).status).toBe(200);
  });

  it('is in no log line and no metric, and is no generation until it is used', async () => {
    // The process counts for every gateway of this file.
    const counted = async () => [
      await gateway.metric('llm_rejections_total'),
      await gateway.metric('llm_streams_total'),
    ];
    const [rejections, streams] = await counted();
    const ticket = await issued();
    await gateway.post('/chat/tickets', {});
    await use('a'.repeat(43));
    expect(await counted()).toEqual([rejections, streams]);
    await streamed(await use(ticket));
    await use(ticket);
    await gateway.ended();
    expect(await counted()).toEqual([rejections, streams! + 1]);
    expect(gateway.log.text).not.toContain(ticket);
    expect(await (await gateway.get('/metrics')).text()).not.toContain(ticket);
  });

  it('is not what GET /chat/tickets gives', async () => {
    for (const method of ['GET', 'HEAD', 'PUT']) {
      const response = await fetch(`${gateway.url}/chat/tickets?message=Hi`, { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
    expect((await gateway.get(`/chat/gpt-only?ticket=${await issued()}`)).status).toBe(400);
  });
});
