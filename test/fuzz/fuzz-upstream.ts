import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject } from '../../src/contract/json.js';
import { urlOf } from '../support/url-of.js';
import { CallerLeft, UpstreamExchange, UpstreamRequest } from '../support/upstream-exchange.js';
import { markIn } from './case-mark.js';
import type { Kind } from './upstream-body.js';
import { type UpstreamPlan, upstreamPlanFor } from './upstream-plan.js';

/** Over this nobody but a leak reads on: all buffers of both kernels and Sluice's own hold less. */
const FLOOD_BYTES = 48 * 1024 * 1024;

const FLOOD_PIECE_BYTES = 16 * 1024;

/** One request of Sluice's, and what it was answered. */
export interface UpstreamAttempt {
  readonly k: number;
  readonly kind: Kind;
  readonly streams: boolean;
  readonly prefill: string;
  readonly plan: UpstreamPlan;
  /** In `performance.now()`'s milliseconds. */
  readonly startedAt: number;
  /** All that was planned went out, as far as this side can tell. */
  sent: boolean;
  floodBytes: number;
}

/** An upstream that answers by the plan of the case that a request belongs to. */
export class FuzzUpstream {
  readonly url: string;
  /** Requests that are being answered. */
  busy = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly kind: Kind,
    private readonly options: UpstreamOptions,
  ) {
    this.url = urlOf(server);
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  static async start(kind: Kind, options: UpstreamOptions): Promise<FuzzUpstream> {
    // It is what Sluice is told, too: so soon it lets go of idle connections.
    const server = createServer({ keepAliveTimeout: 2000, requestTimeout: 0 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FuzzUpstream(server, kind, options);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.server.listening) await once(this.server, 'close');
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    this.busy += 1;
    response.on('error', () => {});
    response.on('close', () => (this.busy -= 1));
    try {
      const body = await textOf(message);
      const attempt = this.#attemptFor(body);
      this.options.onAttempt(attempt);
      await this.#play(attempt, message, response, body);
    } catch (error) {
      // Anything but a Sluice that left is a mistake of the fuzzer.
      if (!(error instanceof CallerLeft) && !response.destroyed) this.options.onMistake(error);
      response.destroy();
    }
  }

  #attemptFor(body: string): UpstreamAttempt {
    const { seed, attemptsOf } = this.options;
    const k = markIn(body) ?? -1;
    const { streams, prefill: given } = readRequest(body);
    const prefill = k < 0 ? '' : given;
    const attempt = attemptsOf(k);
    const { kind } = this;
    const plan = upstreamPlanFor({ seed, k, attempt, kind, streams, prefill });
    const startedAt = performance.now();
    return { k, kind, streams, prefill, plan, startedAt, sent: false, floodBytes: 0 };
  }

  async #play(
    attempt: UpstreamAttempt,
    message: IncomingMessage,
    response: ServerResponse,
    body: string,
  ): Promise<void> {
    const { plan } = attempt;
    const exchange = new UpstreamExchange(new UpstreamRequest(message, response, body), response);
    if (plan.beforeMs > 0) await sleep(plan.beforeMs);
    if (plan.how === 'nothing') return stop(exchange, plan);
    if (plan.how === 'raw') {
      await exchange.writeRaw(plan.body);
      return exchange.cut();
    }
    exchange.open(plan.headers['content-type'] ?? '', plan.headers, plan.status);
    if (plan.how === 'flood') return flood(attempt, exchange);
    await writePieces(exchange, plan);
    attempt.sent = true;
    stop(exchange, plan);
  }
}

export interface UpstreamOptions {
  readonly seed: number;
  /** How many requests of a case came to any upstream before this one. */
  readonly attemptsOf: (k: number) => number;
  readonly onAttempt: (attempt: UpstreamAttempt) => void;
  readonly onMistake: (error: unknown) => void;
}

async function writePieces(exchange: UpstreamExchange, plan: UpstreamPlan): Promise<void> {
  const { body, sizes, pauses } = plan;
  for (let at = 0, n = 0; at < body.length; n += 1) {
    const size = typeof sizes === 'number' ? sizes : (sizes[n] ?? body.length - at);
    const pause = pauses.get(n);
    if (pause !== undefined) await sleep(pause);
    await exchange.write(body.subarray(at, at + size));
    at += size;
  }
}

/** Far more than any buffer takes; who reads it all gets no end. */
async function flood(attempt: UpstreamAttempt, exchange: UpstreamExchange): Promise<void> {
  const piece = floodPiece(attempt);
  while (attempt.floodBytes < FLOOD_BYTES) {
    await exchange.write(piece);
    attempt.floodBytes += piece.length;
  }
}

function floodPiece({ kind }: UpstreamAttempt): Buffer {
  const content = 'f'.repeat(FLOOD_PIECE_BYTES);
  return Buffer.from(
    kind === 'openai'
      ? `data: {"choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}]}\n\n`
      : `{"message":{"content":"${content}"},"done":false}\n`,
  );
}

function stop(exchange: UpstreamExchange, { end }: UpstreamPlan): void {
  if (end === 'silence') return;
  exchange[end]();
}

function readRequest(body: string): { streams: boolean; prefill: string } {
  const json: unknown = JSON.parse(body);
  if (!isJsonObject(json)) throw new Error(`A request that is no object: ${body.slice(0, 200)}`);
  const messages: unknown = json['messages'];
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const goesOn = isJsonObject(last) && last['role'] === 'assistant';
  const prefill = goesOn && typeof last['content'] === 'string' ? last['content'] : '';
  return { streams: json['stream'] === true, prefill };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  } catch (error) {
    throw new CallerLeft(error);
  }
  return Buffer.concat(pieces).toString();
}
