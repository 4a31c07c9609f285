import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { BackendConfig } from '../config/schema/backend-config.js';
import { GatewayConfig } from '../config/schema/gateway-config.js';
import { type ChatBackend, ChatBackends } from '../contract/chat-backend.js';
import { OllamaBackend } from './ollama/ollama.backend.js';
import { ByteBudget } from '../contract/byte-budget.js';
import { OpenAiBackend, type OpenAiSettings } from './openai/openai.backend.js';

/** An image of 12 MB in base64. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** Nearly all events are far smaller: they are not counted. */
const FREE_EVENT_BYTES = 64 * 1024;

/** A new kind of upstream is one folder and one line here; a kind without its line does not compile. */
const KINDS = {
  openai: (settings) => new OpenAiBackend(settings),
  ollama: (settings) => new OllamaBackend(settings),
} satisfies Record<BackendConfig['kind'], (settings: OpenAiSettings) => ChatBackend>;

/** Global, because generation asks for `ChatBackends` and must not know who makes them. */
@Global()
@Module({
  providers: [
    {
      provide: ChatBackends,
      inject: [GatewayConfig],
      useFactory: (config: GatewayConfig): ChatBackends => {
        const eventBytes = new ByteBudget({
          maxBytes: config.streams.eventBytesInFlight,
          what: 'large answers',
          freeBytes: FREE_EVENT_BYTES,
        });
        return new Map(
          config.backends.map((backend) => [
            backend.id,
            KINDS[backend.kind](settingsOf(backend, config, eventBytes)),
          ]),
        );
      },
    },
  ],
  exports: [ChatBackends],
})
export class BackendsModule implements OnApplicationShutdown {
  constructor(@Inject(ChatBackends) private readonly backends: ChatBackends) {}

  /** Last of all: a pool closed any earlier would cut the streams that are still running. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.backends.values()].map((backend) => backend.close()));
  }
}

function settingsOf(
  backend: BackendConfig,
  { streams, proxy }: GatewayConfig,
  eventBytes: ByteBudget,
): OpenAiSettings {
  const { id, baseUrl, apiKey, headers, forwardHeaders, query, caFile, streamUsage } = backend;
  const { connectMs = streams.connectMs, maxEventBytes = MAX_EVENT_BYTES } = backend;
  if (baseUrl === undefined) throw new Error(`The backend "${id}" has no baseUrl.`);
  return {
    id,
    baseUrl,
    apiKey,
    headers,
    forwardHeaders,
    query,
    caFile,
    streamUsage,
    connectMs,
    proxy,
    maxEventBytes,
    eventBytes,
  };
}
