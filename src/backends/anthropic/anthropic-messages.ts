import type { ContentPart, Message, MessagePart } from '../../contract/chat-request.js';
import { defined, type JsonObject } from '../../contract/json.js';
import type { SealedReasoning } from '../../contract/stream-event.js';
import { toolInputOf } from '../../contract/tool-input.js';

/** What a system says, wherever in the conversation: Anthropic has one place for it, before all else. */
export function systemBlocks(messages: readonly Message[]): readonly JsonObject[] {
  return messages.filter(isSystem).flatMap(({ parts }) => parts.flatMap(toBlocks));
}

/**
 * A conversation as Anthropic has it: turns of user and assistant, results of tools at the beginning
 * of the user's.
 */
export function toAnthropicMessages(messages: readonly Message[]): readonly JsonObject[] {
  const turns: { role: 'user' | 'assistant'; content: JsonObject[] }[] = [];
  for (const message of messages) {
    if (isSystem(message)) continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = message.parts.flatMap(toBlocks);
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  return turns
    .filter(({ content }) => content.length > 0)
    .map(({ role, content }) => ({
      role,
      content: shortest(role === 'user' ? resultsFirst(content) : content),
    }));
}

/** Whether a part has a block of its own here. */
export function canBeSent(part: MessagePart): boolean {
  if (part.type === 'image') return toImageSource(part.url) !== undefined;
  return part.type !== 'opaque';
}

/** A lone text is its own content. */
function shortest(content: readonly JsonObject[]): unknown {
  const [only, ...others] = content;
  return others.length === 0 && only?.['type'] === 'text' ? only['text'] : content;
}

function isSystem({ role }: Message): boolean {
  return role === 'system' || role === 'developer';
}

function isResult({ type }: JsonObject): boolean {
  return type === 'tool_result';
}

function resultsFirst(content: readonly JsonObject[]): readonly JsonObject[] {
  return [...content.filter(isResult), ...content.filter((block) => !isResult(block))];
}

function toBlocks(part: MessagePart): readonly JsonObject[] {
  switch (part.type) {
    case 'tool-call':
      return [
        {
          type: 'tool_use',
          id: toToolId(part.id),
          name: part.name,
          input: toolInputOf(part.arguments),
        },
      ];
    case 'tool-result': {
      const content = part.parts.flatMap(toContentBlock);
      return [
        defined({
          type: 'tool_result',
          tool_use_id: toToolId(part.toolCallId),
          content: content.length > 0 ? content : undefined,
          is_error: part.isError,
        }),
      ];
    }
    case 'reasoning': {
      const { text, signature, redacted } = part;
      if (isOwn(redacted)) return [{ type: 'redacted_thinking', data: redacted.data }];
      // Without one it is another provider's: an error here.
      return isOwn(signature)
        ? [{ type: 'thinking', thinking: text, signature: signature.data }]
        : [];
    }
    default:
      return toContentBlock(part);
  }
}

function toContentBlock(part: ContentPart): readonly JsonObject[] {
  switch (part.type) {
    case 'text':
      // An empty text is refused.
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'image': {
      const source = toImageSource(part.url);
      return source ? [{ type: 'image', source }] : [];
    }
    case 'opaque':
      return [];
  }
}

/** Anthropic fetches URLs itself; of `data:` URLs it takes what is base64. */
function toImageSource(url: string): JsonObject | undefined {
  if (!url.startsWith('data:')) return { type: 'url', url };
  const comma = url.indexOf(',');
  const mediaType = /^data:([\w.+/-]+);base64$/i.exec(url.slice(0, comma))?.[1];
  if (mediaType === undefined) return undefined;
  return { type: 'base64', media_type: mediaType, data: url.slice(comma + 1) };
}

/** Of letters, digits, `_` and `-`, as Anthropic wants it: other vendors have colons and dots in theirs. */
function toToolId(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
}

/** What another provider sealed is an error here. */
function isOwn(sealed: SealedReasoning | undefined): sealed is SealedReasoning {
  return sealed?.provider === 'anthropic';
}
