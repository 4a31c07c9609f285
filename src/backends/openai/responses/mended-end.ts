import { type JsonObject, objectIn } from '../../../contract/json.js';
import type { FinishReason } from '../../../contract/stream-event.js';

/** What is known of a response when its last event comes. */
export interface KnownEnd {
  /** As its first event said it. */
  readonly id: string | undefined;
  /** Its items as their last events said them; absent: the response has them right. */
  readonly output: readonly JsonObject[] | undefined;
  /** The word for its end, as it may be told. */
  readonly rawReason: string;
  /** Its counts cannot be true. */
  readonly isMiscounted: boolean;
}

/**
 * The last event's fields where it does not say what it has to: that the answer is not whole, all of
 * its output, or one id. It cannot be left out and built anew: of what was passed on nothing is kept.
 * @returns nothing where the event is right as it came
 */
export function mendedEnd(
  type: string,
  response: JsonObject,
  reason: FinishReason,
  { id, output, rawReason, isMiscounted }: KnownEnd,
): { readonly type: string; readonly response: JsonObject } | undefined {
  const status = DETAILS[reason] === undefined ? 'completed' : 'incomplete';
  const { usage, incomplete_details: details } = response;
  const said = objectIn(response, 'incomplete_details')['reason'];
  const isOdd = said !== undefined && said !== rawReason;
  const isSaid = type === `response.${status}` && response['status'] === status && !isOdd;
  const isCounted = usage !== undefined && !isMiscounted;
  if (isSaid && isCounted && response['id'] === id && !output) return undefined;
  return {
    type: `response.${status}`,
    response: {
      ...response,
      id,
      status,
      ...(!isSaid && {
        incomplete_details: (isOdd ? undefined : details) ?? DETAILS[reason] ?? null,
      }),
      ...(output && { output }),
      ...(!isCounted && { usage: null }),
    },
  };
}

const DETAILS: Readonly<Partial<Record<FinishReason, JsonObject>>> = {
  length: { reason: 'max_output_tokens' },
  content_filter: { reason: 'content_filter' },
};
