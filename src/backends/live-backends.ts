import { isDeepStrictEqual } from 'node:util';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { LiveConfig } from '../config/live-config.js';
import type { BackendConfig } from '../config/schema/backend-config.js';
import type { GatewayConfig } from '../config/schema/gateway-config.js';
import { ByteBudget } from '../contract/byte-budget.js';
import type { ChatBackend, ChatBackends } from '../contract/chat-backend.js';
import { type AnthropicSettings, createAnthropicBackend } from './anthropic/anthropic.backend.js';
import { createOllamaBackend } from './ollama/ollama.backend.js';
import { createOpenAiBackend, type OpenAiSettings } from './openai/openai.backend.js';

/** An image of 12 MB in base64. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** Nearly all events are far smaller: they are not counted. */
const FREE_EVENT_BYTES = 64 * 1024;

/** A kind without its line here does not compile. */
const KINDS = {
  openai: (settings) => createOpenAiBackend(settings),
  ollama: (settings) => createOllamaBackend(settings),
  anthropic: (settings) => createAnthropicBackend(settings),
} satisfies Record<BackendConfig['kind'], (settings: KindSettings) => ChatBackend>;

type KindSettings = OpenAiSettings & AnthropicSettings;

/** A backend, and what it was made from. */
interface Made {
  readonly kind: BackendConfig['kind'];
  readonly settings: KindSettings;
  readonly backend: ChatBackend;
}

/**
 * The backends of every snapshot that some request holds. What did not change from one to the next is
 * the same backend, with its connections and what it has learned of its upstream; what did is closed
 * when the last request that may still ask it is over.
 */
@Injectable()
export class LiveBackends implements ChatBackends, OnApplicationShutdown {
  readonly #logger = new Logger('Backends');
  readonly #made = new Map<object, readonly Made[]>();
  readonly #byId = new Map<object, ReadonlyMap<string, ChatBackend>>();
  readonly #eventBytes: ByteBudget;

  constructor(live: LiveConfig) {
    this.#eventBytes = new ByteBudget({
      maxBytes: live.current.streams.eventBytesInFlight,
      what: 'large answers',
      freeBytes: FREE_EVENT_BYTES,
    });
    this.#make(live.current);
    live.observe({
      replaced: (next) => {
        this.#eventBytes.resize(next.streams.eventBytesInFlight);
        this.#make(next);
      },
      retired: (snapshot) => this.#retire(snapshot),
    });
  }

  of(snapshot: object): ReadonlyMap<string, ChatBackend> {
    const backends = this.#byId.get(snapshot);
    if (!backends) throw new Error('Nobody holds this snapshot of the configuration any more.');
    return backends;
  }

  /** Last of all: a pool closed any earlier would cut the streams that are still running. */
  async onApplicationShutdown(): Promise<void> {
    const all = new Set([...this.#made.values()].flat().map(({ backend }) => backend));
    await Promise.all([...all].map((backend) => backend.close()));
  }

  #make(config: GatewayConfig): void {
    const existing = [...this.#made.values()].flat();
    const made = config.backends.map((backend): Made => {
      const { kind } = backend;
      const settings = settingsOf(backend, config, this.#eventBytes);
      const same = (each: Made) => each.kind === kind && isDeepStrictEqual(each.settings, settings);
      return existing.findLast(same) ?? { kind, settings, backend: KINDS[kind](settings) };
    });
    this.#made.set(config, made);
    this.#byId.set(config, new Map(made.map(({ backend }) => [backend.id, backend])));
  }

  #retire(snapshot: object): void {
    const retired = this.#made.get(snapshot) ?? [];
    this.#made.delete(snapshot);
    this.#byId.delete(snapshot);
    const inUse = new Set([...this.#made.values()].flat());
    for (const made of retired) {
      if (inUse.has(made)) continue;
      const { id } = made.backend;
      this.#logger.log('backend closed', { backend: id });
      made.backend.close().catch((error: unknown) => {
        const why = error instanceof Error ? error.name : typeof error;
        this.#logger.error('a backend could not be closed', { backend: id, error: why });
      });
    }
  }
}

function settingsOf(
  backend: BackendConfig,
  { streams, proxy }: GatewayConfig,
  eventBytes: ByteBudget,
): KindSettings {
  const { id, baseUrl, apiKey, headers, forwardHeaders, traceContext, query, ca } = backend;
  const { streamUsage, responses, anthropicVersion } = backend;
  const { connectMs = streams.connectMs, maxEventBytes = MAX_EVENT_BYTES } = backend;
  if (baseUrl === undefined) throw new Error(`The backend "${id}" has no baseUrl.`);
  return {
    id,
    baseUrl,
    apiKey,
    headers,
    forwardHeaders,
    traceContext,
    query,
    ca,
    streamUsage,
    responses,
    anthropicVersion,
    connectMs,
    proxy,
    maxEventBytes,
    eventBytes,
  };
}
