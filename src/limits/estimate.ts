import type { ChatRequest } from '../contract/chat-request.js';
import type { GenerationRecord, Price } from '../contract/generation.js';

/** Text of most languages and code, roughly: nothing tokenises on the event loop. */
const BYTES_PER_TOKEN = 4;

/** An image, however many bytes it has. */
const IMAGE_TOKENS = 1000;

/** What an answer is taken to be that neither its request nor its caller has a limit for. */
const USUAL_OUTPUT_TOKENS = 1000;

/**
 * What an answer is taken to be at most, whatever was asked for: what it was beyond that counts when it
 * is known. Nobody keeps others from a model's budget by asking for a number that no model writes.
 */
const MAX_OUTPUT_TOKENS = 128_000;

/** What a request is taken to use before it is known. */
export interface Estimate {
  readonly input: number;
  readonly output: number;
  /** At whichever target costs most. */
  readonly price: Pick<Price, 'input' | 'output'>;
}

/** What counts against limits. */
export interface Used {
  readonly tokens: number;
  readonly usd: number;
}

/**
 * @param bytes of the request as it came
 * @param maxOutputTokens of its caller
 * @param prices of the targets that may answer
 */
export function estimate(
  bytes: number,
  { messages, sampling }: ChatRequest,
  maxOutputTokens: number | undefined,
  prices: readonly (Price | undefined)[],
): Estimate {
  const images = messages
    .flatMap(({ parts }) => parts)
    .flatMap((part) => (part.type === 'image' ? part.url.length : []));
  const textBytes = Math.max(
    0,
    images.reduce((left, image) => left - image, bytes),
  );
  // A negative one, or 0, is "as many as you like" to some servers.
  const { maxTokens = 0 } = sampling;
  // What is sent then, see `boundRequest`.
  const asked = maxTokens > 0 ? maxTokens : (maxOutputTokens ?? USUAL_OUTPUT_TOKENS);
  return {
    input: Math.ceil(textBytes / BYTES_PER_TOKEN) + images.length * IMAGE_TOKENS,
    output: Math.min(asked, maxOutputTokens ?? Infinity, MAX_OUTPUT_TOKENS),
    price: {
      input: Math.max(0, ...prices.map((price) => price?.input ?? 0)),
      output: Math.max(0, ...prices.map((price) => price?.output ?? 0)),
    },
  };
}

export function usedAtMost({ input, output, price }: Estimate): Used {
  return { tokens: input + output, usd: (input * price.input + output * price.output) / 1e6 };
}

/**
 * What a generation used: its bill, and where no upstream said how long the prompt was, as whoever
 * leaves before the end brings about, the estimate of it.
 */
export function usedBy(record: GenerationRecord, { input, price }: Estimate): Used {
  const { bill, costUsd = 0 } = record;
  const unsaid = bill?.input === undefined && wasWorkedOn(record) ? input : 0;
  return {
    tokens: (bill?.input?.tokens ?? unsaid) + (bill?.output?.tokens ?? 0),
    usd: costUsd + (unsaid * price.input) / 1e6,
  };
}

/** Outcomes of attempts whose upstream read the request. One that refused it or was not reached did not. */
const WORKED_ON: ReadonlySet<string> = new Set([
  'ok',
  'cancelled',
  'upstream_cut',
  'first_token_timeout',
  'idle_timeout',
  'total_timeout',
]);

function wasWorkedOn({ attempts }: GenerationRecord): boolean {
  return attempts.some(({ outcome, contentParts }) => contentParts > 0 || WORKED_ON.has(outcome));
}
