import { randomUUID } from 'node:crypto';
import { isFilledObject, type JsonObject, stringOr } from '../../contract/json.js';
import type { SealedReasoning, StreamPart } from '../../contract/stream-event.js';
import { argumentsTextOf } from '../shared/answer/tool-arguments.js';

/**
 * What a content block holds where it stands as a whole. At the beginning of a stream's block that is
 * mostly nothing.
 * @param call the number of the tool call that it would be
 * @param isWhole there will be no more of it: a call's arguments are all there
 */
export function partsOfBlock(block: JsonObject, call: number, isWhole: boolean): StreamPart[] {
  switch (block['type']) {
    case 'text':
      return textPart(block['text']);
    case 'thinking':
      return [...reasoningPart(block['thinking']), ...signaturePart(block['signature'])];
    case 'redacted_thinking': {
      const redacted = sealed(block['data']);
      return redacted ? [{ type: 'reasoning-delta', text: '', redacted }] : [];
    }
    case 'tool_use':
      return [
        {
          type: 'tool-call-delta',
          index: call,
          id: stringOr(block['id'], '') || `toolu_${randomUUID().replaceAll('-', '')}`,
          name: stringOr(block['name'], ''),
          arguments: isWhole ? inputOf(block) : '',
        },
      ];
    default:
      return [{ type: 'opaque' }];
  }
}

/** The pieces of one `content_block_delta`. @param call the number of the tool call that is open */
export function partsOfDelta(delta: JsonObject, call: number): StreamPart[] {
  switch (delta['type']) {
    case 'text_delta':
      return textPart(delta['text']);
    case 'thinking_delta':
      return reasoningPart(delta['thinking']);
    case 'signature_delta':
      return signaturePart(delta['signature']);
    case 'input_json_delta': {
      const args = argumentsTextOf(delta['partial_json']);
      return args === '' ? [] : [{ type: 'tool-call-delta', index: call, arguments: args }];
    }
    // A citation is beside the text, which is whole without it.
    case 'citations_delta':
      return [];
    default:
      return [{ type: 'opaque' }];
  }
}

/** The arguments of a call that came without pieces: those of a tool without parameters, mostly. */
export function inputOf({ input }: JsonObject): string {
  if (typeof input === 'string' && input !== '') return input;
  return isFilledObject(input) ? JSON.stringify(input) : '{}';
}

function textPart(text: unknown): StreamPart[] {
  return typeof text === 'string' && text !== '' ? [{ type: 'text-delta', text }] : [];
}

function reasoningPart(text: unknown): StreamPart[] {
  return typeof text === 'string' && text !== '' ? [{ type: 'reasoning-delta', text }] : [];
}

function signaturePart(data: unknown): StreamPart[] {
  const signature = sealed(data);
  return signature ? [{ type: 'reasoning-delta', text: '', signature }] : [];
}

function sealed(data: unknown): SealedReasoning | undefined {
  return typeof data === 'string' && data !== '' ? { provider: 'anthropic', data } : undefined;
}
