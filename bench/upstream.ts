/* The fake OpenAI and Anthropic: a process of its own that answers by plan. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { anthropicAnswerEvents } from './anthropic-events.ts';
import { answer } from './messages.ts';
import { type AnswerEvents, answerEvents, plainAnswer } from './openai-events.ts';
import { responsesAnswerEvents } from './responses-events.ts';

/** How one model answers. */
export interface Plan {
  readonly chunks: number;
  readonly textChars: number;
  /** Between two chunks of a stream; absent: as fast as the socket takes them. */
  readonly intervalMs?: number;
  /**
   * Streams that run at once: their chunks are spread evenly over the interval, whenever their
   * requests came. Absent: the first chunk goes out when the request comes.
   */
  readonly spreadOver?: number;
  /** Events in one write, and so in one chunk of HTTP, for an answer that is not paced. */
  readonly eventsPerWrite?: number;
}

interface Running extends Plan {
  readonly events: AnswerEvents;
  readonly anthropicEvents: AnswerEvents;
  readonly responsesEvents: AnswerEvents;
  started: number;
}

const plans = new Map<string, Running>();
const plain = plainAnswer();
const sockets = new Set<Socket>();

const server = createServer((request, response) => {
  reply(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});
server.listen(0, '127.0.0.1', 4096);

answer({
  plan: ({ model, ...plan }: Plan & { model: string }) => {
    const events = answerEvents(plan.chunks, plan.textChars);
    const anthropicEvents = anthropicAnswerEvents(plan.chunks, plan.textChars);
    const responsesEvents = responsesAnswerEvents(plan.chunks, plan.textChars);
    plans.set(model, { ...plan, events, anthropicEvents, responsesEvents, started: 0 });
  },
  /** What the kernel has taken of all that was written to connections that are open now. */
  accepted: () => {
    let bytes = 0;
    for (const { bytesWritten, writableLength } of sockets) bytes += bytesWritten - writableLength;
    return bytes;
  },
});

async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { model, stream } = await readJson(request);
  const plan = plans.get(model);
  if (!stream) sendPlain(response);
  else if (plan) sendStream(response, plan, eventsFor(request, plan));
  else response.writeHead(404).end();
}

async function readJson(request: IncomingMessage): Promise<{ model: string; stream?: boolean }> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += piece;
  return JSON.parse(text);
}

function sendPlain(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': plain.byteLength,
  });
  response.end(plain);
}

function eventsFor({ url }: IncomingMessage, plan: Running): AnswerEvents {
  if (url === '/v1/responses') return plan.responsesEvents;
  return url === '/v1/messages' ? plan.anthropicEvents : plan.events;
}

function sendStream(response: ServerResponse, plan: Running, events: AnswerEvents): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'x-request-id': 'req_bench',
  });
  plan.started += 1;
  if (plan.intervalMs === undefined) push(response, plan, events);
  else pace(response, plan, events, plan.intervalMs);
}

/** Every chunk has a time of its own, so that late timers do not gather streams into one crowd. */
function pace(
  response: ServerResponse,
  plan: Running,
  { role, deltas, last }: AnswerEvents,
  intervalMs: number,
): void {
  const startAt = performance.now() + firstWait(plan, intervalMs);
  let timer: NodeJS.Timeout;
  let n = 0;
  const next = () => {
    if (n === plan.chunks) {
      response.end(last);
      return;
    }
    if (n === 0) response.write(role);
    response.write(deltas[n % deltas.length]!);
    n += 1;
    timer = setTimeout(next, Math.max(1, startAt + n * intervalMs - performance.now()));
  };
  if (startAt <= performance.now()) next();
  else timer = setTimeout(next, Math.max(1, startAt - performance.now()));
  response.once('close', () => clearTimeout(timer));
}

function firstWait({ spreadOver, started }: Running, intervalMs: number): number {
  if (spreadOver === undefined) return 0;
  const phase = ((started % spreadOver) / spreadOver) * intervalMs;
  return (phase - (performance.now() % intervalMs) + intervalMs) % intervalMs;
}

/** As fast as the socket takes it. */
function push(response: ServerResponse, plan: Running, { role, deltas, last }: AnswerEvents): void {
  const { chunks, eventsPerWrite = 1 } = plan;
  let n = 0;
  response.write(role);
  const more = () => {
    while (n < chunks) {
      const from = n % deltas.length;
      const events = deltas.slice(from, from + Math.min(eventsPerWrite, chunks - n));
      n += events.length;
      if (!response.write(events.length === 1 ? events[0]! : Buffer.concat(events))) {
        response.once('drain', more);
        return;
      }
    }
    response.end(last);
  };
  more();
}
