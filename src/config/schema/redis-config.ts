import { RedisUrl } from '../rules/upstream-rules.js';
import { Milliseconds } from '../rules/value-rules.js';

/** What replicas share. */
export class RedisConfig {
  /** `redis://` or, with TLS, `rediss://`; with a password it is a secret. */
  @RedisUrl()
  readonly url: string;

  /** Longest wait for an answer; then each replica counts alone until Redis answers again. */
  @Milliseconds()
  readonly commandMs: number = 100;
}
