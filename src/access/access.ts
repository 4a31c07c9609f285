import { Injectable } from '@nestjs/common';
import { perSnapshot } from '../config/per-snapshot.js';
import type { JwtConfig } from '../config/schema/access-config.js';
import type { GatewayConfig } from '../config/schema/gateway-config.js';
import { ANONYMOUS, type Caller } from '../contract/caller.js';
import { GatewayError } from '../contract/gateway-error.js';
import { callerOfToken } from './caller-of-token.js';
import { CallerLabels } from './caller-labels.js';
import { KeyRing } from './key-ring.js';
import { TokenVerifier } from './token-verifier.js';

/** Three parts in base64url: what else comes is no token, and asks no provider anything. */
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

const HOW = 'send "Authorization: Bearer …", or the same in x-api-key or api-key';

interface Compiled {
  readonly keys: KeyRing;
  readonly anonymous: Caller;
}

const compiledFrom = perSnapshot(({ access }): Compiled => ({
  keys: new KeyRing(access),
  anonymous: { ...ANONYMOUS, limits: access.limits },
}));

interface TokenIssuer {
  readonly config: JwtConfig;
  readonly verifier: TokenVerifier;
  readonly labels: CallerLabels;
}

/** Who a request is from. */
@Injectable()
export class Access {
  /** Outlives a snapshot: another one with the same issuer need not fetch its keys again. */
  #issuer: TokenIssuer | undefined;

  /**
   * Who sent these credentials.
   * @param credentials each different one that the request has, without a scheme
   * @returns at once where they need not be asked about
   * @throws GatewayError `unauthenticated`, `access_unavailable`
   */
  authenticate(config: GatewayConfig, credentials: readonly string[]): Caller | Promise<Caller> {
    const { access } = config;
    const { keys, anonymous } = compiledFrom(config);
    const [credential] = credentials;
    const isOpen = access.mode === 'open';
    if (credential === undefined) {
      if (isOpen) return anonymous;
      const what = access.mode === 'jwt' ? 'a key or a token' : 'a key';
      throw new GatewayError(
        'unauthenticated',
        `This request has no key: it needs ${what}; ${HOW}.`,
      );
    }
    if (credentials.length > 1) {
      // Whichever was taken, the other would be somebody's mistake. Where all are welcome none matters.
      if (isOpen) return anonymous;
      throw new GatewayError('unauthenticated', 'This request has two different keys: send one.');
    }
    const caller = keys.find(credential);
    if (caller) return caller;
    if (isOpen) return anonymous;
    if (access.jwt && TOKEN.test(credential)) return this.#callerOf(credential, access.jwt, config);
    throw new GatewayError('unauthenticated', 'This key is not known here.');
  }

  async #callerOf(token: string, jwt: JwtConfig, config: GatewayConfig): Promise<Caller> {
    const { verifier, labels } = this.#issuerFrom(jwt);
    const payload = await verifier.verify(token);
    return callerOfToken(payload, jwt, config.access, compiledFrom(config).keys, labels);
  }

  #issuerFrom(config: JwtConfig): TokenIssuer {
    const { jwksUrl, issuer, audience, maxCallers } = config;
    const last = this.#issuer?.config;
    const isSame =
      last?.jwksUrl === jwksUrl &&
      last.issuer === issuer &&
      last.audience === audience &&
      last.maxCallers === maxCallers;
    if (!this.#issuer || !isSame) {
      const labels = new CallerLabels(maxCallers);
      this.#issuer = { config, verifier: new TokenVerifier(config), labels };
    }
    return this.#issuer;
  }
}
