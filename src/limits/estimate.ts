import type { ChatRequest } from '../contract/chat-request.js';
import type { GenerationRecord } from '../contract/generation.js';

/** Text of most languages and code, roughly: nothing tokenises on the event loop. */
const BYTES_PER_TOKEN = 4;

/** What an answer without a limit of its own is taken to be. */
const USUAL_OUTPUT_TOKENS = 1000;

/** An image, however many bytes it has. */
const IMAGE_TOKENS = 1000;

export interface TokenEstimate {
  readonly input: number;
  readonly output: number;
}

/** @param bytes of the request as it came */
export function estimateTokens(bytes: number, { messages, sampling }: ChatRequest): TokenEstimate {
  const images = messages
    .flatMap(({ parts }) => parts)
    .flatMap((part) => (part.type === 'image' ? part.url.length : []));
  const textBytes = Math.max(
    0,
    images.reduce((left, image) => left - image, bytes),
  );
  return {
    input: Math.ceil(textBytes / BYTES_PER_TOKEN) + images.length * IMAGE_TOKENS,
    output: sampling.maxTokens ?? USUAL_OUTPUT_TOKENS,
  };
}

/** What a generation used: as the upstream reported it, else as it was estimated and counted. */
export function tokensUsed(record: GenerationRecord, estimated: TokenEstimate): number {
  const { usage, contentParts } = record;
  if (!usage && !wasWorkedOn(record)) return 0;
  return (usage?.input ?? estimated.input) + (usage?.output ?? contentParts);
}

/** Some upstream read the request, whatever came of it. One that refused it or was not reached did not. */
function wasWorkedOn({ contentParts, attempts }: GenerationRecord): boolean {
  return contentParts > 0 || attempts.some(({ outcome }) => WORKED_ON.has(outcome));
}

const WORKED_ON: ReadonlySet<string> = new Set([
  'ok',
  'cancelled',
  'upstream_cut',
  'first_token_timeout',
  'idle_timeout',
  'total_timeout',
]);
