import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { Logger } from '@nestjs/common';
import type { JwtConfig } from '../config/schema/access-config.js';
import { GatewayError } from '../contract/gateway-error.js';

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

/** Tokens of keys that are not known make it ask for the keys again, but not more often than this. */
const COOLDOWN_MS = 5000;

/** How old the keys may become before they are asked for again, beside the requests. */
const REFRESH_MS = 600_000;

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

  constructor(private readonly config: JwtConfig) {
    this.#keys = createRemoteJWKSet(new URL(config.jwksUrl), {
      timeoutDuration: FETCH_MS,
      cooldownDuration: COOLDOWN_MS,
      // Keys that were good stay good while the provider is away; `#refresh` is what replaces them.
      cacheMaxAge: Infinity,
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
      throw errorOf(error);
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
    this.#keys.reload().catch((error: unknown) => {
      const cause = error instanceof Error ? error.message : String(error);
      this.#logger.warn('keys of the identity provider not refreshed', { cause });
    });
  }
}

function errorOf(error: unknown): GatewayError {
  if (!(error instanceof errors.JOSEError) || PROVIDER_FAULTS.has(error.code)) {
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
