import type { JsonObject } from '../../src/contract/json.js';
import { doneLine, messageLine, ndjson, OLLAMA_STREAM_TYPE } from '../support/ollama-script.js';
import {
  completion,
  contentChunk,
  finishChunk,
  OPENAI_STREAM_TYPE,
  roleChunk,
  sse,
} from '../support/openai-script.js';

/** How one kind of upstream says the parts of an answer, right or wrong. */
export interface Wire {
  readonly type: string;
  readonly opening: string;
  /** @param padding in a field that nobody knows */
  token(text: string, padding?: string): string;
  readonly finish: string;
  readonly done: string;
  readonly error: string;
  readonly broken: string;
  readonly noise: string;
  readonly ping: string;
  whole(text: string): JsonObject;
}

const openai: Wire = {
  type: OPENAI_STREAM_TYPE,
  opening: sse(roleChunk()),
  token: (text, padding = '') => sse({ ...contentChunk(text), ...(padding && { padding }) }),
  finish: sse(finishChunk()),
  done: sse('[DONE]'),
  error: sse({ error: { message: 'It broke.', type: 'server_error' } }),
  broken: 'data: {"choices":[{"delta":{"content":"lo\n\n',
  noise: ': keep-alive\n\nretry: 10\nwhat is this\ndata: noise\n\n',
  ping: ': ping\n\n',
  whole: (text) => completion(text),
};

const ollama: Wire = {
  type: OLLAMA_STREAM_TYPE,
  opening: '',
  token: (text, padding = '') =>
    ndjson({ ...messageLine({ content: text }), ...(padding && { padding }) }),
  finish: ndjson(doneLine()),
  done: '',
  error: ndjson({ error: 'It broke.' }),
  broken: '{"message":{"content":"lo\n',
  noise: '\nwhat is this\n12\n',
  ping: '\n',
  whole: (text) => doneLine({}, text),
};

export const WIRES = { openai, ollama };
