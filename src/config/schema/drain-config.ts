import { MillisecondsOrNone } from '../rules/value-rules.js';

/** What happens between SIGTERM and the exit. */
export class DrainConfig {
  /** How long requests are still served, in milliseconds: until every proxy has heard that this pod is not ready. */
  @MillisecondsOrNone()
  readonly delayMs: number = 5000;

  /** How long running streams may take to finish after that, in milliseconds. */
  @MillisecondsOrNone()
  readonly forMs: number = 600_000;
}
