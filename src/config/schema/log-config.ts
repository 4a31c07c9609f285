import { OneOf } from '../rules/value-rules.js';

/** From what stops Sluice to what only its authors ask about: each has those before it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The lines about what happens. */
export class LogConfig {
  /** The least that is worth a line. LOG_LEVEL overrides it. */
  @OneOf(...LOG_LEVELS)
  readonly level: LogLevel = 'info';

  /** `text`: for people. `json`: for programs. `auto`: text on a terminal, else JSON. */
  @OneOf('auto', 'json', 'text')
  readonly format: 'auto' | 'json' | 'text' = 'auto';
}
