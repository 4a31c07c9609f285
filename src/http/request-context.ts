import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { LiveConfig } from '../config/live-config.js';
import type { GatewayConfig } from '../config/schema/gateway-config.js';
import { ANONYMOUS, type Caller } from '../contract/caller.js';
import type { Fault } from '../contract/faults.js';
import { GatewayError } from '../contract/gateway-error.js';
import type { GenerationRecord } from '../contract/generation.js';
import type { RequestTrace } from '../contract/request-trace.js';
import { sendError } from './errors/send-error.js';
import { dialectOf } from './routes.js';

declare global {
  // Express has `response.locals` typed by this interface, for exactly this.
  // eslint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Locals {
      /** Set by the first middleware, so that every handler, interceptor and filter has one. */
      context: RequestContext;
      /** The body of a request that came as a ticket, until it is read. */
      ticketBody?: Buffer | undefined;
    }
  }
}

/** What has taken over a response and knows how to end it. */
interface FailureWriter {
  /** Ends what is being written, in the dialect's words; does nothing when it has ended. */
  fail(error: GatewayError): void;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** One request: who asks, and what it has come to. Every answer, header and log line of it reads this. */
export class RequestContext {
  /** The caller's `x-request-id`, or ours. */
  readonly id: string;
  /** Who asks; set before anything of the body is read. */
  caller: Caller = ANONYMOUS;
  /** Of its body, as it was read; absent where it has none. */
  bodyBytes: number | undefined;
  /** What it is part of, where that is known. */
  trace: RequestTrace | undefined;
  /** Why it was answered with an error. */
  fault: Fault | undefined;
  /** Of the generation that the request began; absent on whatever was refused before. */
  record: GenerationRecord | undefined;
  readonly #left = new AbortController();
  #response: Response | undefined;
  #writer: FailureWriter | undefined;

  /** @param config the snapshot that holds for this request to its end */
  constructor(
    givenId: string | undefined,
    response: Response,
    readonly config: GatewayConfig,
  ) {
    this.id = givenId !== undefined && REQUEST_ID.test(givenId) ? givenId : randomUUID();
    this.#response = response;
  }

  /** Aborted when the caller has left, or is left, before its answer is whole; the reason is a `GatewayError`. */
  get signal(): AbortSignal {
    return this.#left.signal;
  }

  /** The one that ends the answer from here on, should something fail. */
  setWriter(writer: FailureWriter): void {
    this.#writer = writer;
  }

  /** Ends the answer by a failure that no handler sees; does nothing when it has ended. */
  fail(error: GatewayError): void {
    const response = this.#response;
    if (!response || response.writableEnded || response.destroyed) return;
    if (this.#writer) this.#writer.fail(error);
    else if (response.headersSent) response.destroy(error);
    else sendError(response, error);
  }

  /** Nothing more will be written of an answer that is not whole: no upstream need go on with it. */
  abort(): void {
    if (this.signal.aborted) return;
    const errored = this.#response?.errored;
    // Where Sluice left the caller, the response was destroyed with the error that says why.
    const isOurs = errored instanceof GatewayError;
    this.#left.abort(isOurs ? errored : new GatewayError('client_closed'));
  }

  /**
   * The response is closed. A connection to an upstream keeps the async context that it was made in,
   * and lives for longer than the request: it would keep the response, and the body with it.
   */
  close(): void {
    if (!this.#response?.writableFinished) this.abort();
    this.#response = undefined;
    this.#writer = undefined;
  }
}

const contexts = new AsyncLocalStorage<RequestContext>();

/** The request that this code runs for, if it runs for one. */
export function currentRequestContext(): RequestContext | undefined {
  return contexts.getStore();
}

/** Runs before everything else, so that every answer, also to a broken body, has a request id. */
export function withRequestContext(live: LiveConfig) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const config = live.hold();
    const context = new RequestContext(request.header('x-request-id'), response, config);
    response.locals.context = context;
    response.setHeader('x-request-id', context.id);
    const name = dialectOf(request.path)?.requestIdHeader;
    if (name !== undefined) response.setHeader(name, context.id);
    response.once('close', () => {
      context.close();
      live.release(config);
    });
    contexts.run(context, next);
  };
}
