import type { ChatAnswer } from './chat-answer.js';
import type { ChatRequest } from './chat-request.js';
import type { JsonObject } from './json.js';
import type { EventBatch } from './event-batch.js';
import type { RequestTrace } from './request-trace.js';

/** One upstream of some kind. The only thing generation knows of an upstream. */
export interface ChatBackend {
  /** Stable name used in config, logs and metric labels. */
  readonly id: string;

  /** Says, without asking the upstream, how much of `request` this backend can honour at `target`. */
  fit(request: ChatRequest, target: Target): Fit;

  /**
   * Resolves once the upstream accepted the request; until then it rejects with a `GatewayError`
   * and the caller may go elsewhere. The iterable is single-use and lazy: but for a bounded
   * read-ahead, nothing is read that `next()` did not ask for. Aborting `context.signal` closes the upstream connection at once, in
   * every phase; a pending `next()` then rejects.
   */
  open(
    request: ChatRequest,
    target: Target,
    context: AttemptContext,
  ): Promise<AsyncIterable<EventBatch>>;

  /** The same without streaming: the upstream's whole answer. */
  complete(request: ChatRequest, target: Target, context: AttemptContext): Promise<ChatAnswer>;

  /** How many tokens the prompt has; absent where such an upstream cannot say. @throws GatewayError */
  readonly countTokens?: TokenCount | undefined;

  /** Closes the connections to the upstream; running requests are cut. */
  close(): Promise<void>;
}

export type TokenCount = (
  request: ChatRequest,
  target: Target,
  context: AttemptContext,
) => Promise<number>;

/** What a backend is told, and tells, while it serves one attempt. */
export interface AttemptContext {
  readonly signal: AbortSignal;
  readonly notices: UpstreamNotices;
  /** What it is part of, for upstreams that are told. */
  readonly trace?: RequestTrace | undefined;
  /** The connection stands and the request is being written to it: from now on silence is the upstream's own. */
  requestSent(): void;
}

/** What an upstream did that is no failure, and that its operator should hear of. */
export interface UpstreamNotices {
  /** Something arrived that is no event of the upstream's protocol; it was skipped. */
  malformedEvent(): void;
  /** The answer ended for a reason that nobody knows. */
  unknownFinishReason(word: string): void;
  /** A token count cannot be true; it is taken for absent. */
  implausibleUsage(): void;
}

/** One backend plus the name of the model there. */
export interface Target {
  readonly backend: string;
  readonly model: string;
  /** Fields of the upstream's request that it does not take: they are left out, before all else. */
  readonly drop?: readonly string[] | undefined;
  /** Fields that have another name there. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
  /** Fields that every request to it has (Ollama's `num_ctx`, `keep_alive`); they win over the caller's. */
  readonly set?: JsonObject | undefined;
  /** The limit of its answers where a caller says none, for upstreams that want one. */
  readonly maxTokens?: number | undefined;
  /** The role that messages of the role `developer` are sent with, where that is another one. */
  readonly developerRole?: 'system' | undefined;
}

export interface Fit {
  /** The first thing asked for that changes the answer's shape and that this backend does not have. */
  readonly unsupported?: { readonly param: string; readonly message: string } | undefined;
  /** Hints that it will leave out, by the caller's names. */
  readonly ignored: readonly string[];
}

/** All configured backends; the injection token has the same name. */
export interface ChatBackends {
  /**
   * Those of one snapshot of the configuration, by id. They are open for as long as a request holds
   * the snapshot; one that did not change is the same one in the next.
   */
  of(snapshot: object): ReadonlyMap<string, ChatBackend>;
}
export const ChatBackends = Symbol('ChatBackends');
