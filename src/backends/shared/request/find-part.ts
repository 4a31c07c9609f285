import type { Message, MessagePart } from '../../../contract/chat-request.js';

/** The first part that is looked for, in messages and in the results of tools, by its caller's name. */
export function findPart(
  messages: readonly Message[],
  isIt: (part: MessagePart) => boolean,
): { readonly param: string; readonly part: MessagePart } | undefined {
  let m = 0;
  for (const { role, param, partParams, parts } of messages) {
    const at = param ?? (partParams ? '' : `messages[${m++}].content`);
    for (const [p, part] of parts.entries()) {
      const own = partParams?.[p];
      if (isIt(part)) return { param: own ?? `${at}[${p}]`, part };
      if (part.type !== 'tool-result') continue;
      const inner = part.parts.findIndex(isIt);
      // A message of the role `tool` is its result, which other callers have among others.
      const within = own ?? (role === 'tool' ? at : `${at}[${p}].content`);
      if (inner !== -1) return { param: `${within}[${inner}]`, part: part.parts[inner]! };
    }
  }
  return undefined;
}
