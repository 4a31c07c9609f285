import { JwksUrl, KeyId, ModelGlobs, SecretHashes, Time } from '../rules/access-rules.js';
import { ListOf, Section } from '../rules/nested.js';
import { Optional } from '../rules/rule.js';
import { Flag, Integer, Name, OneOf } from '../rules/value-rules.js';
import { UsageLimitsConfig } from './usage-limits-config.js';

/** One caller of Sluice, known by its secret. */
export class KeyConfig {
  /** Names the caller in the log, in metrics, limits and the ledger. */
  @KeyId()
  readonly id: string;

  /** SHA-256 of the secret, `sha256:…`; two while one replaces the other. */
  @SecretHashes()
  readonly hashes: readonly string[];

  /** Models it may ask for; `*` stands for any characters. Absent: all. */
  @Optional()
  @ModelGlobs()
  readonly models?: readonly string[];

  /** When it stops to be taken. Absent: never. */
  @Optional()
  @Time()
  readonly expiresAt?: string;

  /** `true`: it is refused, at once. */
  @Flag()
  readonly disabled: boolean = false;

  /** Its model when it names none. Absent: `defaultModel`. */
  @Optional()
  @Name()
  readonly defaultModel?: string;

  /** `never`: its requests stay on their first target. */
  @OneOf('allowed', 'never')
  readonly fallback: 'allowed' | 'never' = 'allowed';

  /** Whose requests leave the queue first. */
  @OneOf('interactive', 'batch')
  readonly priority: 'interactive' | 'batch' = 'interactive';

  /** The most tokens that it may let a model write; sent where it asks for no limit. */
  @Optional()
  @Integer(1)
  readonly maxOutputTokens?: number;

  /** It may use `/admin/*`. */
  @Flag()
  readonly admin: boolean = false;

  /** What it may use, key by key over `access.limits`. `Readonly`: it is made to be spread. */
  @Optional()
  @Section(() => UsageLimitsConfig)
  readonly limits?: Readonly<UsageLimitsConfig>;
}

/** Callers that come with a token of an identity provider. */
export class JwtConfig {
  /** Where its public keys are (JWKS). */
  @JwksUrl()
  readonly jwksUrl: string;

  /** What `iss` must be. */
  @Name()
  readonly issuer: string;

  /** What `aud` must hold. */
  @Name()
  readonly audience: string;

  /** The claim that names the caller. */
  @Name()
  readonly callerClaim: string = 'sub';

  /** The claim that lists its models, as `keys[].models` does, or as words in one text. Absent: all models. */
  @Optional()
  @Name()
  readonly modelsClaim?: string;

  /** How many callers have a label of their own in metrics; those beyond are `other`. */
  @Integer(0)
  readonly maxCallers: number = 100;
}

/** Who may call. */
export class AccessConfig {
  /** `open`: everybody. `keys`: who has one of `keys`. `jwt`: also who has a token of `jwt`. */
  @OneOf('open', 'keys', 'jwt')
  readonly mode: 'open' | 'keys' | 'jwt' = 'open';

  /** `true`: start with mode `open` on an interface that others reach, too. */
  @Flag()
  readonly allowOpen: boolean = false;

  /** In every mode: those with `admin: true` open `/admin/*`. */
  @Optional()
  @ListOf(() => KeyConfig)
  readonly keys?: readonly KeyConfig[];

  @Optional()
  @Section(() => JwtConfig)
  readonly jwt?: JwtConfig;

  /** What each caller may use; in mode `open` each address. `Readonly`: it is made to be spread. */
  @Section(() => UsageLimitsConfig)
  readonly limits: Readonly<UsageLimitsConfig> = new UsageLimitsConfig();
}
