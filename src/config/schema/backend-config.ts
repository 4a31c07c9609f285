import { BackendLimitsConfig } from './limits-config.js';
import { Section } from '../rules/nested.js';
import { ForwardHeaders } from '../rules/forward-header-rule.js';
import { Optional } from '../rules/rule.js';
import { ApiKey, BaseUrl, CaFile, Headers, Query } from '../rules/upstream-rules.js';
import { ApiVersion, BackendId, Flag, Milliseconds, OneOf, Integer } from '../rules/value-rules.js';

/** An upstream that models run at. */
export class BackendConfig {
  /** Name used by targets, logs and metric labels. */
  @BackendId()
  readonly id: string;

  /** The protocol it speaks; `openai` and `anthropic` are whatever is compatible with them. */
  @OneOf('openai', 'ollama', 'anthropic')
  readonly kind: 'openai' | 'ollama' | 'anthropic';

  /** URL that the kind's own paths are appended to (`https://api.openai.com/v1`). Absent: the sandbox. */
  @Optional()
  @BaseUrl()
  readonly baseUrl?: string;

  /** Sent as `Authorization: Bearer …`, to the kind `anthropic` as `x-api-key`. Absent or empty: nothing is sent. */
  @Optional()
  @ApiKey()
  readonly apiKey?: string;

  /** Further headers of every request to it; they win over Sluice's own. */
  @Optional()
  @Headers()
  readonly headers?: Readonly<Record<string, string>>;

  /** Headers of the caller's request that are passed on to it; `headers` win over them. */
  @Optional()
  @ForwardHeaders()
  readonly forwardHeaders?: readonly string[];

  /** `true`: it is told which trace a request is part of (`traceparent`, `tracestate`). */
  @Optional()
  @Flag()
  readonly traceContext?: boolean;

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

  /** Kind `openai` only. `true`: it has `/v1/responses`, and is asked there by callers of that API. */
  @Optional()
  @Flag()
  readonly responses?: boolean;

  /** Kind `anthropic` only. `anthropic-version` for callers that say none. Absent: `2023-06-01`. */
  @Optional()
  @ApiVersion()
  readonly anthropicVersion?: string;

  /** Longest single event of its streams, in bytes: an image in base64 is one event. Absent: 16 MiB. */
  @Optional()
  @Integer(1024)
  readonly maxEventBytes?: number;

  /** How much it is given at once. Absent: as much as there is. */
  @Optional()
  @Section(() => BackendLimitsConfig)
  readonly limits?: BackendLimitsConfig;

  /** `true`: no request that begins from now on is sent to it. */
  @Optional()
  @Flag()
  readonly disabled?: boolean;

  /** What is in `caFile`. */
  declare readonly ca?: string;

  /** It is played by the sandbox. Not to be written: it follows from the absence of `baseUrl`. */
  declare readonly sandbox?: true;
}
