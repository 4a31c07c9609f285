import { Agent, type ClientRequest, type IncomingMessage, request as send } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BodyEnd } from '../support/strict-stream.js';
import { promptOf } from './answers.js';
import { type Form, type Plan, WRONG_REQUESTS, type WrongRequest } from './plan.js';

/** What a caller got, or that it did not wait for it. */
export type Outcome =
  | {
      readonly how: 'answered';
      readonly status: number;
      readonly text: string;
      readonly end: BodyEnd;
    }
  | { readonly how: 'left'; readonly sawEnd: boolean }
  | { readonly how: 'unanswered'; readonly error: string };

interface Message {
  readonly method: 'GET' | 'POST' | 'HEAD';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** A caller that stalls gives up at last, if nobody gives it up before. */
const STALL_MS = 2500;

/** Everyone who asks Sluice something, each after a plan. */
export class Callers {
  readonly #kept = new Agent({ keepAlive: true });

  constructor(private readonly url: string) {}

  /** Plays one caller; resolves when it has its answer, or has left. */
  async play(plan: Plan): Promise<Outcome> {
    const message = messageOf(plan);
    const { hostname, port } = new URL(this.url);
    const request = send({
      hostname,
      port,
      method: message.method,
      path: message.path,
      headers: {
        'x-request-id': `soak-${plan.n}`,
        ...(message.body !== undefined && {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(message.body)),
        }),
        ...message.headers,
      },
      agent: plan.reuse && plan.manner !== 'asksWrongly' ? this.#kept : new Agent(),
    });
    const sent = Promise.withResolvers<void>();
    const call = new Call(request, plan, sent.promise);
    if (plan.manner === 'abortsBody')
      request.write(message.body!.slice(0, 20), () => sent.resolve());
    else request.end(message.body, () => sent.resolve());
    return call.outcome();
  }

  close(): void {
    this.#kept.destroy();
  }
}

/** Far longer than all of Sluice's deadlines in the soak together. */
const PATIENCE_MS = 20_000;

/** One request under way. */
class Call {
  readonly #outcome = Promise.withResolvers<Outcome>();
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  #left = false;

  constructor(
    private readonly request: ClientRequest,
    private readonly plan: Plan,
    /** Resolves once the kernel took what was to be sent. */
    private readonly sent: Promise<void>,
  ) {
    request.on('response', (response) => this.#answered(response));
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.#left)
        this.#outcome.resolve({ how: 'unanswered', error: error.code ?? error.message });
    });
    const { manner, waitMs } = plan;
    if (manner === 'leaves' || manner === 'abortsBody') void this.#leaveAfter(waitMs);
    if (manner === 'stalls') void this.#leaveAfter(STALL_MS);
  }

  /** How it ended, whichever way; an answer without an end is an outcome too. */
  outcome(): Promise<Outcome> {
    const late = setTimeout(() => {
      this.#left = true;
      this.request.destroy();
      this.#outcome.resolve({ how: 'unanswered', error: `no end within ${PATIENCE_MS} ms` });
    }, PATIENCE_MS);
    return this.#outcome.promise.finally(() => clearTimeout(late));
  }

  #answered(response: IncomingMessage): void {
    const { manner } = this.plan;
    response.on('error', () => this.#ended(response, 'cut'));
    response.on('end', () => this.#ended(response, 'clean'));
    if (manner === 'stalls') return;
    response.on('data', (piece: Buffer) => this.#got(response, piece));
  }

  #got(response: IncomingMessage, piece: Buffer): void {
    const { manner, bytes, waitMs } = this.plan;
    if (this.#bytes === 0 && manner === 'pauses') {
      // Not the response: one that is paused forgets what it read when its connection ends.
      const { socket } = response;
      socket.pause();
      setTimeout(() => socket.resume(), 5 * waitMs);
    }
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (manner === 'leavesWithin' && this.#bytes >= bytes) this.#leave();
    if (manner === 'leavesAtEnd' && this.#sawEnd()) this.#leave();
  }

  #sawEnd(): boolean {
    // Answers say these words as well, but never with a line end before them.
    return /\ndata: \[DONE\]\n|\nevent: done\n/.test(Buffer.concat(this.#pieces).toString());
  }

  #ended(response: IncomingMessage, end: BodyEnd): void {
    const text = Buffer.concat(this.#pieces).toString();
    this.#outcome.resolve({ how: 'answered', status: response.statusCode ?? 0, text, end });
  }

  /** Leaves once Sluice's kernel has all that was to be sent: what it never got, it cannot count. */
  async #leaveAfter(ms: number): Promise<void> {
    await this.sent;
    await sleep(ms);
    this.#leave();
  }

  #leave(): void {
    if (this.#left) return;
    const sawEnd = this.#sawEnd();
    this.#left = true;
    this.request.destroy();
    this.#outcome.resolve({ how: 'left', sawEnd });
  }
}

const PATHS: Record<Exclude<Form, 'get'>, string> = {
  v1: '/v1/chat/completions',
  plain: '/v1/chat/completions',
  chat: '/chat',
};

function messageOf(plan: Plan): Message {
  if (plan.manner === 'asksWrongly') return wrongMessage(wrongRequestOf(plan));
  if (plan.manner === 'asksForNothing') return messageForNothing(plan);
  const { form, model, random } = plan;
  const content = promptOf(plan.n, plan.length);
  if (form === 'get') {
    const query = new URLSearchParams({ message: content, model });
    return { method: 'GET', path: `/chat?${query.toString()}` };
  }
  const usage = form === 'v1' && random.chance(0.5) && { stream_options: { include_usage: true } };
  const body = {
    model,
    messages: [{ role: 'user', content }],
    ...(form !== 'chat' && { stream: form === 'v1' }),
    ...usage,
  };
  return { method: 'POST', path: PATHS[form], body: JSON.stringify(body) };
}

/** The same one for every look at the plan. */
export function wrongRequestOf({ n }: Plan): WrongRequest {
  return WRONG_REQUESTS[n % WRONG_REQUESTS.length]!;
}

function wrongMessage({ method, path, body, type }: WrongRequest): Message {
  return {
    method,
    path,
    ...(body !== undefined && { body }),
    ...(type && { headers: { 'content-type': type } }),
  };
}

/** These ask for no generation, so they count as none. */
function messageForNothing({ random }: Plan): Message {
  return random.chance(0.5)
    ? { method: 'HEAD', path: '/chat' }
    : { method: 'GET', path: '/chat?message=Hi', headers: { 'last-event-id': 'x:1' } };
}
