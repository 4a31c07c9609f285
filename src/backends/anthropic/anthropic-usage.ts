import type { UpstreamNotices } from '../../contract/chat-backend.js';
import { isJsonObject, type JsonObject } from '../../contract/json.js';
import type { Usage } from '../../contract/stream-event.js';
import { isImplausibleCount, parseTokenCount } from '../shared/answer/token-count.js';

const INPUT_COUNTS = [
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
] as const;
const COUNTS = [...INPUT_COUNTS, 'output_tokens', 'thinking_tokens'] as const;

type Counts = Partial<Record<(typeof COUNTS)[number], number | undefined>>;

/**
 * What a stream or an answer says of its tokens. What comes later corrects what came before; a 0
 * corrects nothing, because relays say it for what they do not know.
 */
export class AnthropicUsage {
  readonly #counts: Counts = {};

  constructor(private readonly notices: UpstreamNotices) {}

  /** @param usage of `message_start`, whose output is a placeholder: the answer is yet to come */
  addAtStart(usage: unknown): void {
    this.#add(usage, INPUT_COUNTS);
  }

  add(usage: unknown): void {
    this.#add(usage, COUNTS);
  }

  /** Anthropic counts what came from a cache, and what was written to one, beside the input. */
  get total(): Usage | undefined {
    const {
      input_tokens: input,
      cache_read_input_tokens: cachedInput,
      cache_creation_input_tokens: cacheWrite,
      output_tokens: output,
      thinking_tokens: reasoning,
    } = this.#counts;
    if (input === undefined && output === undefined) return undefined;
    return {
      input: input === undefined ? undefined : input + (cachedInput ?? 0) + (cacheWrite ?? 0),
      output,
      cachedInput,
      cacheWrite,
      reasoning,
    };
  }

  #add(usage: unknown, names: readonly (typeof COUNTS)[number][]): void {
    if (!isJsonObject(usage)) return;
    const details = usage['output_tokens_details'];
    const given: JsonObject = isJsonObject(details) ? { ...details, ...usage } : usage;
    if (names.some((name) => isImplausibleCount(given[name]))) this.notices.implausibleUsage();
    for (const name of names) {
      const count = parseTokenCount(given[name]);
      if (count !== undefined && (count > 0 || this.#counts[name] === undefined)) {
        this.#counts[name] = count;
      }
    }
  }
}
