import type { JsonObject } from '../../../contract/json.js';

/** Of an item; one that a stream broke off in is `incomplete`. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

export function refusalPart(refusal: string): JsonObject {
  return { type: 'refusal', refusal };
}

export function summaryPart(text: string): JsonObject {
  return { type: 'summary_text', text };
}

export function messageItem(
  id: string,
  status: ItemStatus,
  content: readonly JsonObject[],
): JsonObject {
  return { id, type: 'message', status, role: 'assistant', content };
}

export function reasoningItem(
  id: string,
  status: ItemStatus,
  { text, sealed }: { readonly text: string; readonly sealed?: string | undefined },
): JsonObject {
  return {
    id,
    type: 'reasoning',
    status,
    summary: text === '' ? [] : [summaryPart(text)],
    ...(sealed !== undefined && { encrypted_content: sealed }),
  };
}

export interface FunctionCall {
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
}

/** @param id of the item; the call has one of its own, which its result names */
export function functionCallItem(
  id: string,
  status: ItemStatus,
  { callId, name, arguments: args }: FunctionCall,
): JsonObject {
  return {
    id,
    type: 'function_call',
    status,
    call_id: callId,
    name,
    arguments: args,
  };
}
