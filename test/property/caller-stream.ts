import {
  type BodyEnd,
  strictChat,
  strictCompletion,
  type StrictStream,
} from '../support/strict-stream.js';
import { within } from '../support/within.js';
import { type Piece, piecesOfEvent } from './reading.js';

/** What a caller got for a streamed request. */
export interface CallerStream {
  readonly terminal: 'done' | 'failed' | 'status';
  readonly pieces: readonly Piece[];
  /** The JSON of `failed`, of an error frame or of an error answer. */
  readonly last: StrictStream['last'];
}

/** Reads a response to its end, strictly. */
export async function callerStream(
  response: Response,
  form: 'openai' | 'chat',
): Promise<CallerStream> {
  const { text, end } = await within(bodyOf(response), 'the answer ends');
  if (response.status !== 200) {
    return { terminal: 'status', pieces: [], last: errorIn(response, text) };
  }
  if (form === 'openai') {
    const { events, terminal, last } = strictCompletion(text, end);
    return { terminal, pieces: events.flatMap(({ data }) => piecesOfEvent(data)), last };
  }
  const { events, terminal, last } = strictChat(text, end);
  return { terminal, pieces: events.map(pieceOf), last };
}

/** Everything up to the end of the body, whichever it is; bytes that are no UTF-8 fail. */
export async function bodyOf(response: Response): Promise<{ text: string; end: BodyEnd }> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  const bytes = response.body!.getReader();
  for (;;) {
    const piece = await bytes.read().catch(() => undefined);
    if (piece === undefined || piece.done) {
      return { text: text + decoder.decode(), end: piece ? 'clean' : 'cut' };
    }
    text += decoder.decode(piece.value, { stream: true });
  }
}

/** The body of an error answer, which must be the one that every error has. */
export function errorIn(response: Response, text: string): NonNullable<StrictStream['last']> {
  const body = JSON.parse(text) as { readonly error?: { readonly message?: unknown } };
  if (response.status < 400 || typeof body.error?.message !== 'string') {
    throw new Error(`Neither an answer nor an error: ${response.status} ${text}`);
  }
  return body;
}

function pieceOf({ type, data }: StrictStream['events'][number]): Piece {
  if (type === 'message') return ['text', String(data['text'])];
  if (type === 'reasoning') return ['reasoning', String(data['text'])];
  if (type !== 'tool-call') throw new Error(`There is no content in ${type}.`);
  const {
    index,
    name = '',
    arguments: args,
  } = data as { index: number; name?: string; arguments: string };
  return ['tool', index, name, args];
}
