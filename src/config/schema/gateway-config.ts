import { AccessConfig } from './access-config.js';
import { BackendConfig } from './backend-config.js';
import { LimitsConfig } from './limits-config.js';
import { LogConfig } from './log-config.js';
import { ModelConfig } from './model-config.js';
import { ListOf, Section } from '../rules/nested.js';
import { RedisConfig } from './redis-config.js';
import { ResponsesConfig } from './responses-config.js';
import { BreakerConfig, RetryBudgetConfig, RetryConfig } from './retry-config.js';
import { Optional } from '../rules/rule.js';
import { BrowsersConfig, DrainConfig, ServerConfig } from './server-config.js';
import { StreamsConfig } from './streams-config.js';
import type { TracingConfig } from './tracing-config.js';
import { UsageConfig } from './usage-config.js';
import { Milliseconds, Name, PositiveNumber } from '../rules/value-rules.js';

/** The embedded upstream for trying Sluice without keys: backends without a `baseUrl` are answered by it. */
export class SandboxConfig {
  /** Pace of its answers, in tokens per second. */
  @PositiveNumber()
  readonly tokensPerSecond: number = 50;

  /** Its wait before the first token, in milliseconds. */
  @Milliseconds()
  readonly firstTokenMs: number = 300;
}

/** Proxies on the way to backends: from the environment, as every other program takes them. */
export interface ProxyConfig {
  /** URL of the proxy for `http:` backends, from http_proxy or HTTP_PROXY. */
  readonly httpProxy?: string | undefined;
  /** URL of the proxy for `https:` backends, from https_proxy or HTTPS_PROXY. */
  readonly httpsProxy?: string | undefined;
  /** Hosts reached directly, comma-separated, from no_proxy or NO_PROXY. */
  readonly noProxy?: string | undefined;
}

/**
 * Everything an operator decides: what the YAML file says, completed and frozen. `Readonly` sections
 * are made to be spread.
 */
export class GatewayConfig {
  static readonly formerKeys: Readonly<Record<string, string>> = { extra: 'retryBudget' };

  /** Where Sluice listens. */
  @Section(() => ServerConfig)
  readonly server: Readonly<ServerConfig> = new ServerConfig();

  /** Who may call. */
  @Section(() => AccessConfig)
  readonly access: AccessConfig = new AccessConfig();

  /** The OpenAI Responses API. */
  @Section(() => ResponsesConfig)
  readonly responses: ResponsesConfig = new ResponsesConfig();

  /** Pages in browsers that are not Sluice's own. */
  @Section(() => BrowsersConfig)
  readonly browsers: BrowsersConfig = new BrowsersConfig();

  /** Id of the model for callers that name none. Absent in the file: the first one. */
  @Optional()
  @Name()
  readonly defaultModel: string;

  /** How long streams may wait; models and targets may differ. */
  @Section(() => StreamsConfig)
  readonly streams: Readonly<StreamsConfig> = new StreamsConfig();

  /** When a target that failed is asked again; models and targets may differ. */
  @Section(() => RetryConfig)
  readonly retry: Readonly<RetryConfig> = new RetryConfig();

  /** How much load retries and recoveries may add, for each target. */
  @Section(() => RetryBudgetConfig)
  readonly retryBudget: RetryBudgetConfig = new RetryBudgetConfig();

  /** When a target is left alone, for each target. */
  @Section(() => BreakerConfig)
  readonly breaker: BreakerConfig = new BreakerConfig();

  /** How much this process takes on at once. */
  @Section(() => LimitsConfig)
  readonly limits: LimitsConfig = new LimitsConfig();

  /** Present: limits are counted together with other replicas. */
  @Optional()
  @Section(() => RedisConfig)
  readonly redis?: RedisConfig;

  /** What happens between SIGTERM and the exit. */
  @Section(() => DrainConfig)
  readonly drain: DrainConfig = new DrainConfig();

  /** The lines about what happens. */
  @Section(() => LogConfig)
  readonly log: LogConfig = new LogConfig();

  /** The upstreams. */
  @ListOf(() => BackendConfig)
  readonly backends: readonly Readonly<BackendConfig>[];

  /** What callers may ask for. */
  @ListOf(() => ModelConfig)
  readonly models: readonly ModelConfig[];

  /** Present: what every generation used is kept. Read when Sluice starts, and only then. */
  @Optional()
  @Section(() => UsageConfig)
  readonly usage?: UsageConfig;

  /** Present: backends without a `baseUrl` are answered by the sandbox. */
  @Optional()
  @Section(() => SandboxConfig)
  readonly sandbox?: SandboxConfig;

  /** Not in the file: proxies belong to the environment. */
  declare readonly proxy: ProxyConfig;

  /** Not in the file either. Present: spans are sent. Read when Sluice starts, and only then. */
  declare readonly tracing?: TracingConfig;

  /** SHA-256 of the file, in hex: which configuration holds. */
  declare readonly sha256: string;
}
