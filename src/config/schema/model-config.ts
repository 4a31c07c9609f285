import { ListOf, Section } from '../rules/nested.js';
import { PriceConfig } from './price-config.js';
import { PartialRetryConfig } from './retry-config.js';
import { Optional } from '../rules/rule.js';
import { ModelStreamsConfig, TargetStreamsConfig } from './streams-config.js';
import { UsageLimitsConfig } from './usage-limits-config.js';
import { FieldNames, NewFieldNames, SetFields } from '../rules/field-rules.js';
import { Flag, ModelId, Name, OneOf, PositiveNumber, Integer } from '../rules/value-rules.js';

/** One backend plus the name of the model there; `backend/model` for short. */
export class TargetConfig {
  /** Id of the backend. */
  @Name()
  readonly backend: string;

  /** Name of the model there. */
  @Name()
  readonly model: string;

  /** Fields of its requests that it does not take: they are left out, before the two below. */
  @Optional()
  @FieldNames()
  readonly drop?: readonly string[];

  /** Fields that have another name there (`max_tokens: max_completion_tokens`). */
  @Optional()
  @NewFieldNames()
  readonly rename?: Readonly<Record<string, string>>;

  /** Fields that every request to it has (Ollama's `num_ctx`, `keep_alive`); they win over the caller's. */
  @Optional()
  @SetFields()
  readonly set?: Readonly<Record<string, unknown>>;

  /** Kind `anthropic` only: the limit of its answers where a caller says none. Absent: 8192. */
  @Optional()
  @Integer(1)
  readonly maxTokens?: number;

  /** Kind `openai` only. `system`: it does not know the role `developer`, so such messages are sent as `system`. */
  @Optional()
  @OneOf('system')
  readonly developerRole?: 'system';

  /**
   * Lower ones are asked first; equal ones share the requests by weight. Absent: after the target
   * before it in the list.
   */
  @Optional()
  @Integer(0)
  readonly priority?: number;

  /** Its share of the requests among targets of the same priority. */
  @Optional()
  @PositiveNumber()
  readonly weight?: number;

  /** Tokens that fit into it: a prompt that was too long for one target is not sent to one that is not larger. */
  @Optional()
  @Integer(1)
  readonly contextWindow?: number;

  /** `true`: it continues a last message of the assistant instead of answering it. */
  @Optional()
  @Flag()
  readonly prefill?: boolean;

  /** What its tokens cost. Absent: what it costs is not known, and shown nowhere. */
  @Optional()
  @Section(() => PriceConfig)
  readonly price?: PriceConfig;

  /** Retries on this target that differ from its model's. */
  @Optional()
  @Section(() => PartialRetryConfig)
  readonly retry?: Readonly<PartialRetryConfig>;

  /** Waits of this target that differ from its model's. `Readonly`, here and below: it is made to be spread. */
  @Optional()
  @Section(() => TargetStreamsConfig)
  readonly streams?: Readonly<TargetStreamsConfig>;

  /** `true`: requests that begin from now on go past it. */
  @Optional()
  @Flag()
  readonly disabled?: boolean;

  /** Keys that have another name now. */
  static readonly formerKeys: Readonly<Record<string, string>> = { options: 'set' };

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
  /**
   * The name callers write; it may have slashes. With a `*` at its end it stands for every name that
   * begins like it; in its targets a `*` at the end is replaced by the rest of the name.
   */
  @ModelId()
  readonly id: string;

  /** Who may answer, in order: the next one is asked when one fails before its first content. */
  @ListOf(
    () => TargetConfig,
    'written backend/model, or a mapping with "backend" and "model"',
    (text) => TargetConfig.fromText(text),
  )
  readonly targets: readonly TargetConfig[];

  /** `true`: nobody can ask for it, and it is not listed. */
  @Optional()
  @Flag()
  readonly disabled?: boolean;

  /** Waits of this model that differ from the top level's. */
  @Optional()
  @Section(() => ModelStreamsConfig)
  readonly streams?: Readonly<ModelStreamsConfig>;

  /** Retries of this model that differ from the top level's. */
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
  @Integer(1)
  readonly recoveryMaxBytes: number = 262_144;

  /** What all callers of it together may use. */
  @Section(() => UsageLimitsConfig)
  readonly limits: UsageLimitsConfig = new UsageLimitsConfig();
}
