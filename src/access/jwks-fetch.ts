import type { FetchImplementation } from 'jose';

/** Tokens of keys that are not known make it ask for the keys again, but not more often than this. */
export const COOLDOWN_MS = 5000;

/** Providers have a few kilobytes. */
const MAX_BYTES = 1024 * 1024;

/** Nothing was asked: it was a moment ago, in vain. */
export class TooSoon extends Error {
  override readonly name = 'TooSoon';
}

/**
 * Asks for a provider's keys, but not again within {@link COOLDOWN_MS}: jose counts from the last
 * success, so that while a provider fails each token would ask it.
 */
export function jwksFetch(): FetchImplementation {
  let attemptedAtMs = -Infinity;
  return async (url, options) => {
    const now = Date.now();
    if (now >= attemptedAtMs && now - attemptedAtMs < COOLDOWN_MS) {
      throw new TooSoon('The provider was asked a moment ago.');
    }
    attemptedAtMs = now;
    const response = await fetch(url, options);
    if (response.status !== 200) {
      await response.body?.cancel();
      return response;
    }
    return new Response(await beginningOf(response), { status: 200 });
  };
}

async function beginningOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > MAX_BYTES) throw new Error('The provider sends more than 1 MiB of keys.');
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
