import { Integer } from '../rules/value-rules.js';

/** The OpenAI Responses API, whose streams say all of their answer again at the end. */
export class ResponsesConfig {
  /** Longest answer that is kept for that, in bytes; a longer one fails. */
  @Integer(1024)
  readonly maxOutputBytes: number = 4 * 1024 * 1024;
}
