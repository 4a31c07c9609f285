import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { Logger } from '@nestjs/common';
import type { JwtConfig } from '../config/schema/access-config.js';
import { isJsonObject } from '../contract/json.js';
import { GatewayError } from '../contract/gateway-error.js';
import { COOLDOWN_MS, jwksFetch, TooSoon } from './jwks-fetch.js';

/** Signatures only: with a symmetric one whoever can check tokens can make them. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** How far the provider's clock may be off, in seconds. */
const CLOCK_TOLERANCE_S = 30;

/** Longest wait for the provider's keys. */
const FETCH_MS = 3000;

/** How old the keys may become before they are asked for again, beside the requests. */
const REFRESH_MS = 600_000;

/** How long keys are good that cannot be asked for again: their owner may have taken them away. */
const STALE_MS = 24 * 3_600_000;

/** Something is wrong with the provider, and not with a token. */
const PROVIDER_FAULTS = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

const WRONG = {
  ERR_JWT_EXPIRED: 'has expired',
  ERR_JWKS_NO_MATCHING_KEY: 'is signed with a key that its issuer does not list',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'does not say which key signed it ("kid")',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'has a signature that is not its issuer’s',
  ERR_JOSE_ALG_NOT_ALLOWED: 'is signed with an algorithm that is not taken',
} as const;

/** Checks tokens against the keys of the identity provider that signs them. */
export class TokenVerifier {
  readonly #logger = new Logger('Access');
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;
  #refreshedAtMs = 0;
  #loadedAtMs = 0;
  #isFailing = false;

  constructor(private readonly config: JwtConfig) {
    this.#keys = createRemoteJWKSet(new URL(config.jwksUrl), {
      timeoutDuration: FETCH_MS,
      cooldownDuration: COOLDOWN_MS,
      // Keys that were good stay good while the provider is away; `#refresh` is what replaces them.
      cacheMaxAge: STALE_MS,
      [customFetch]: this.#watched(jwksFetch()),
    });
  }

  /**
   * What a token says.
   * @throws GatewayError `unauthenticated` with what is wrong with it, `access_unavailable` while the
   *   provider's keys cannot be had
   */
  async verify(token: string): Promise<JWTPayload> {
    this.#refresh();
    const { issuer, audience } = this.config;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp'],
      });
      return payload;
    } catch (error) {
      // Whoever's key is not listed waits for no provider that is away.
      const isUnknown = isProviderFault(error) && this.#hasKeys();
      throw errorOf(isUnknown ? new errors.JWKSNoMatchingKey() : error);
    }
  }

  /** Also takes away what the provider does not list any more. */
  #refresh(): void {
    const now = Date.now();
    if (!this.#keys.jwks() || now - this.#refreshedAtMs < REFRESH_MS) {
      this.#refreshedAtMs ||= now;
      return;
    }
    this.#refreshedAtMs = now;
    // `#watched` has logged why not.
    this.#keys.reload().catch(() => undefined);
  }

  #hasKeys(): boolean {
    return this.#keys.jwks() !== undefined && Date.now() - this.#loadedAtMs < STALE_MS;
  }

  /** Says once that the keys cannot be had, and once that they can be had again. */
  #watched(load: FetchImplementation): FetchImplementation {
    const { host } = new URL(this.config.jwksUrl);
    return async (url, options) => {
      try {
        const response = await load(url, options);
        if (response.status !== 200) this.#fails(host, `status ${response.status}`);
        else if (await isJwks(response.clone())) this.#succeeds(host);
        else this.#fails(host, 'no list of keys');
        return response;
      } catch (error) {
        if (!(error instanceof TooSoon)) this.#fails(host, codeOf(error));
        throw error;
      }
    };
  }

  #succeeds(host: string): void {
    this.#loadedAtMs = Date.now();
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#logger.log('the identity provider lists its keys again', { host });
  }

  #fails(host: string, cause: string): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#logger.warn('no keys of the identity provider', { host, cause });
  }
}

async function isJwks(response: Response): Promise<boolean> {
  const json: unknown = await response.json().catch(() => undefined);
  return isJsonObject(json) && Array.isArray(json['keys']);
}

/** No message: it may quote the URL. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return 'unknown';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}

function isProviderFault(error: unknown): boolean {
  return !(error instanceof errors.JOSEError) || PROVIDER_FAULTS.has(error.code);
}

function errorOf(error: unknown): GatewayError {
  if (!(error instanceof errors.JOSEError) || isProviderFault(error)) {
    return new GatewayError('access_unavailable', undefined, { cause: error });
  }
  const what: string = isKnown(error.code) ? WRONG[error.code] : whatIsWrongIn(error);
  return new GatewayError('unauthenticated', `This token ${what}.`);
}

function isKnown(code: string): code is keyof typeof WRONG {
  return Object.hasOwn(WRONG, code);
}

function whatIsWrongIn(error: errors.JOSEError): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `has a claim "${error.claim}" that is missing or not what it must be`;
  }
  return 'cannot be read';
}
