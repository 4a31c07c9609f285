import { DrainConfig } from './drain-config.js';
import { BackendLimitsConfig, LimitsConfig } from './limits-config.js';
import { Section, ListOf } from './nested.js';
import { BreakerConfig, ExtraConfig, PartialRetryConfig, RetryConfig } from './retry-config.js';
import { Optional } from './rule.js';
import { ModelStreamsConfig, StreamsConfig, TargetStreamsConfig } from './streams-config.js';
import { ApiKey, BaseUrl, CaFile, Headers, Options, Query } from './upstream-rules.js';
import {
  BackendId,
  BodyLimit,
  Flag,
  Host,
  Milliseconds,
  Name,
  OneOf,
  Port,
  PositiveNumber,
  Whole,
} from './value-rules.js';

/** Where Sluice listens. */
export class ServerConfig {
  /** Name or address of the interface; `0.0.0.0` is every one. HOST overrides it. */
  @Host()
  readonly host: string = '127.0.0.1';

  /** TCP port; 0 lets the system choose. PORT overrides it. */
  @Port()
  readonly port: number = 3000;

  /** Largest request body: a number of bytes, or a text like `20mb`. Images in messages count. */
  @BodyLimit()
  readonly bodyLimit: string | number = '20mb';

  /** How long an idle connection stays open, in milliseconds: longer than the proxy in front keeps it. */
  @Milliseconds()
  readonly keepAliveMs: number = 75_000;
}

/** The embedded upstream for trying Sluice without keys: backends without a `baseUrl` are answered by it. */
export class SandboxConfig {
  /** Pace of its answers, in tokens per second. */
  @PositiveNumber()
  readonly tokensPerSecond: number = 50;

  /** Its wait before the first token, in milliseconds. */
  @Milliseconds()
  readonly firstTokenMs: number = 300;
}

/** An upstream that models run at. */
export class BackendConfig {
  /** Name used by targets, logs and metric labels. */
  @BackendId()
  readonly id: string;

  /** The protocol it speaks; `openai` is whatever is compatible with it. */
  @OneOf('openai', 'ollama')
  readonly kind: 'openai' | 'ollama';

  /** URL that the kind's own paths are appended to (`https://api.openai.com/v1`). Absent: the sandbox. */
  @Optional()
  @BaseUrl()
  readonly baseUrl?: string;

  /** Sent as `Authorization: Bearer …`. Absent or empty: nothing is sent. */
  @Optional()
  @ApiKey()
  readonly apiKey?: string;

  /** Further headers of every request to it; they win over Sluice's own. */
  @Optional()
  @Headers()
  readonly headers?: Readonly<Record<string, string>>;

  /** Query parameters of every request to it (Azure's `api-version`). */
  @Optional()
  @Query()
  readonly query?: Readonly<Record<string, string>>;

  /** PEM file of the authorities its certificate is checked against, instead of Node's. */
  @Optional()
  @CaFile()
  readonly caFile?: string;

  /** Longest wait for a connection to it, TLS included, in milliseconds. Absent: `streams.connectMs`. */
  @Optional()
  @Milliseconds()
  readonly connectMs?: number;

  /** Kind `openai` only. `false`: do not ask it for token counts in streams; some refuse the question. */
  @Optional()
  @Flag()
  readonly streamUsage?: boolean;

  /** How much it is given at once. Absent: as much as there is. */
  @Optional()
  @Section(() => BackendLimitsConfig)
  readonly limits?: BackendLimitsConfig;

  /** It is played by the sandbox. Not to be written: it follows from the absence of `baseUrl`. */
  declare readonly sandbox?: true;
}

/** One backend plus the name of the model there; `backend/model` for short. */
export class TargetConfig {
  /** Id of the backend. */
  @Name()
  readonly backend: string;

  /** Name of the model there. */
  @Name()
  readonly model: string;

  /** Merged into the request by backends that take them (Ollama's `num_ctx`, `keep_alive`). */
  @Optional()
  @Options()
  readonly options?: Readonly<Record<string, unknown>>;

  /**
   * Lower ones are asked first; equal ones share the requests by weight. Absent: after the target
   * before it in the list.
   */
  @Optional()
  @Whole(0)
  readonly priority?: number;

  /** Its share of the requests among targets of the same priority. */
  @Optional()
  @PositiveNumber()
  readonly weight?: number;

  /** Tokens that fit into it: a prompt that was too long for one target is not sent to one that is not larger. */
  @Optional()
  @Whole(1)
  readonly contextWindow?: number;

  /** `true`: it continues a last message of the assistant instead of answering it. */
  @Optional()
  @Flag()
  readonly prefill?: boolean;

  /** Repeats on this target that differ from its model's. */
  @Optional()
  @Section(() => PartialRetryConfig)
  readonly retry?: Readonly<PartialRetryConfig>;

  /** Waits of this target that differ from its model's. `Readonly`, here and below: made to be spread. */
  @Optional()
  @Section(() => TargetStreamsConfig)
  readonly streams?: Readonly<TargetStreamsConfig>;

  /** Split at the first slash: ids of backends have none, names of models may. */
  static fromText(text: string): TargetConfig | undefined {
    const slash = text.indexOf('/');
    if (slash < 1 || slash === text.length - 1) return undefined;
    const target = { backend: text.slice(0, slash), model: text.slice(slash + 1) };
    return Object.assign(new TargetConfig(), target);
  }
}

/** A public name that callers ask for. */
export class ModelConfig {
  /** The name callers write; it may have slashes. */
  @Name()
  readonly id: string;

  /** Who may answer, in order: the next one is asked when one fails before its first content. */
  @ListOf(
    () => TargetConfig,
    'written backend/model, or a mapping with "backend" and "model"',
    (text) => TargetConfig.fromText(text),
  )
  readonly targets: readonly TargetConfig[];

  /** Waits of this model that differ from the top level's. */
  @Optional()
  @Section(() => ModelStreamsConfig)
  readonly streams?: Readonly<ModelStreamsConfig>;

  /** Repeats of this model that differ from the top level's. */
  @Optional()
  @Section(() => PartialRetryConfig)
  readonly retry?: Readonly<PartialRetryConfig>;

  /**
   * Whether an answer of text that breaks off is taken up by another attempt. `deterministic`: only
   * with `temperature: 0` or a `seed`, and only on targets with the same name of the model.
   */
  @OneOf('never', 'deterministic', 'always')
  readonly recovery: 'never' | 'deterministic' | 'always' = 'never';

  /** Longest answer that is kept for a recovery, in bytes; a longer one is not recovered. */
  @Whole(1)
  readonly recoveryMaxBytes: number = 262_144;
}

/** Proxies on the way to backends: from the environment, as every other program takes them. */
export interface ProxyConfig {
  /** URL of the proxy for `http:` backends, from http_proxy or HTTP_PROXY. */
  readonly httpProxy?: string;
  /** URL of the proxy for `https:` backends, from https_proxy or HTTPS_PROXY. */
  readonly httpsProxy?: string;
  /** Hosts reached directly, comma-separated, from no_proxy or NO_PROXY. */
  readonly noProxy?: string;
}

/** Everything an operator decides: what the YAML file says, completed and frozen. */
export class GatewayConfig {
  /** Where Sluice listens. */
  @Section(() => ServerConfig)
  readonly server: ServerConfig = new ServerConfig();

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

  /** How much work repeats and recoveries may add, for each target. */
  @Section(() => ExtraConfig)
  readonly extra: ExtraConfig = new ExtraConfig();

  /** When a target is left alone, for each target. */
  @Section(() => BreakerConfig)
  readonly breaker: BreakerConfig = new BreakerConfig();

  /** How much this process takes on at once. */
  @Section(() => LimitsConfig)
  readonly limits: LimitsConfig = new LimitsConfig();

  /** What happens between SIGTERM and the exit. */
  @Section(() => DrainConfig)
  readonly drain: DrainConfig = new DrainConfig();

  /** The upstreams. */
  @ListOf(() => BackendConfig)
  readonly backends: readonly BackendConfig[];

  /** What callers may ask for. */
  @ListOf(() => ModelConfig)
  readonly models: readonly ModelConfig[];

  /** Present: backends without a `baseUrl` are answered by the sandbox. */
  @Optional()
  @Section(() => SandboxConfig)
  readonly sandbox?: SandboxConfig;

  /** Not in the file: proxies belong to the environment. */
  declare readonly proxy: ProxyConfig;
}
