import { timingSafeEqual } from 'node:crypto';
import type { AccessConfig, KeyConfig } from '../config/schema/access-config.js';
import { matchesAny } from '../config/rules/model-globs.js';
import type { Caller } from '../contract/caller.js';
import { GatewayError } from '../contract/gateway-error.js';
import { digestOf, isSecret } from './secret.js';

interface Entry {
  readonly digest: Buffer;
  readonly caller: Caller;
  readonly isDisabled: boolean;
  readonly expiresAtMs: number;
}

/** Hexadecimal digits of a hash by which its entry is found; the rest is compared. */
const SELECTOR_LENGTH = 16;

/** The keys of one snapshot. */
export class KeyRing {
  /** By the first digits of their hashes: what the time of this look tells is about no secret. */
  readonly #entries = new Map<string, Entry[]>();
  readonly #ids = new Set<string>();

  constructor({ keys = [], limits }: AccessConfig) {
    for (const key of keys) {
      this.#ids.add(key.id);
      const caller = callerOf(key, limits);
      const expiresAtMs = key.expiresAt === undefined ? Infinity : Date.parse(key.expiresAt);
      for (const hash of key.hashes) {
        const hex = hash.slice('sha256:'.length);
        const entry = {
          digest: Buffer.from(hex, 'hex'),
          caller,
          isDisabled: key.disabled,
          expiresAtMs,
        };
        const selector = hex.slice(0, SELECTOR_LENGTH);
        this.#entries.set(selector, [...(this.#entries.get(selector) ?? []), entry]);
      }
    }
  }

  /** Whether `id` is that of a key. */
  hasId(id: string): boolean {
    return this.#ids.has(id);
  }

  /**
   * Whose secret this is.
   * @returns undefined when it is nobody's
   * @throws GatewayError `unauthenticated` for a key that is not taken any more
   */
  find(secret: string): Caller | undefined {
    if (!isSecret(secret)) return undefined;
    const digest = digestOf(secret);
    const selector = digest.toString('hex').slice(0, SELECTOR_LENGTH);
    const entry = this.#entries.get(selector)?.find((each) => timingSafeEqual(each.digest, digest));
    if (!entry) return undefined;
    // Who has the secret may know it.
    if (entry.isDisabled) throw new GatewayError('unauthenticated', 'This key is disabled.');
    if (entry.expiresAtMs <= Date.now()) {
      throw new GatewayError('unauthenticated', 'This key has expired.');
    }
    return entry.caller;
  }
}

function callerOf(key: KeyConfig, limits: AccessConfig['limits']): Caller {
  const { id, models, defaultModel, maxOutputTokens, priority } = key;
  return {
    id,
    label: id,
    isAdmin: key.admin,
    mayUse: (model) => models === undefined || matchesAny(models, model),
    isLimitedToModels: models !== undefined,
    defaultModel,
    fallback: key.fallback !== 'never',
    priority,
    maxOutputTokens,
    limits: { ...limits, ...key.limits },
  };
}
