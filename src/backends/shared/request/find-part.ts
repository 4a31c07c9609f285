import type { Message, MessagePart } from '../../../contract/chat-request.js';

/** The first part that is looked for, in messages and in the results of tools, by its caller's name. */
export function findPart(
  messages: readonly Message[],
  isIt: (part: MessagePart) => boolean,
): { readonly param: string; readonly part: MessagePart } | undefined {
  let m = 0;
  for (const { role, param, parts } of messages) {
    const at = param ?? `messages[${m++}].content`;
    for (const [p, part] of parts.entries()) {
      if (isIt(part)) return { param: `${at}[${p}]`, part };
      if (part.type !== 'tool-result') continue;
      const inner = part.parts.findIndex(isIt);
      // A message of the role `tool` is its result, which other callers have among others.
      const within = role === 'tool' ? at : `${at}[${p}].content`;
      if (inner !== -1) return { param: `${within}[${inner}]`, part: part.parts[inner]! };
    }
  }
  return undefined;
}
