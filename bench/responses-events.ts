import type { AnswerEvents } from './openai-events.ts';

/** How many events a whole answer has, made by Sluice or passed on. */
export const responsesEventsOf = (chunks: number): number => chunks + 8;

const ITEM = 'msg_0a1b2c3d4e5f60718293a4b5c6d7e8f9';
const AT = { item_id: ITEM, output_index: 0, content_index: 0 };

/** The same answer as `answerEvents`, as OpenAI's Responses says it. */
export function responsesAnswerEvents(chunks: number, textChars: number): AnswerEvents {
  const pieces = Array.from({ length: Math.min(chunks, 1000) }, (_, n) => text(n, textChars));
  const whole = Array.from({ length: chunks }, (_, n) => pieces[n % pieces.length]).join('');
  const begun = response('in_progress', [], null);
  const item = { id: ITEM, type: 'message', role: 'assistant', status: 'in_progress', content: [] };
  const part = { type: 'output_text', text: whole, annotations: [], logprobs: [] };
  const done = { ...item, status: 'completed', content: [part] };
  const usage = { input_tokens: 64, output_tokens: chunks, total_tokens: 64 + chunks };
  return {
    role: frames(0, [
      { type: 'response.created', response: begun },
      { type: 'response.in_progress', response: begun },
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.content_part.added', ...AT, part: { ...part, text: '' } },
    ]),
    deltas: pieces.map((delta, n) =>
      frames(4 + n, [{ type: 'response.output_text.delta', ...AT, delta, logprobs: [] }]),
    ),
    last: frames(4 + chunks, [
      { type: 'response.output_text.done', ...AT, text: whole, logprobs: [] },
      { type: 'response.content_part.done', ...AT, part },
      { type: 'response.output_item.done', output_index: 0, item: done },
      { type: 'response.completed', response: response('completed', [done], usage) },
    ]),
  };
}

function response(status: string, output: readonly object[], usage: object | null): object {
  return {
    id: 'resp_0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    object: 'response',
    created_at: 1_760_000_000,
    status,
    model: 'gpt-bench',
    output,
    store: false,
    usage,
  };
}

interface Event {
  readonly type: string;
  readonly [name: string]: unknown;
}

function frames(first: number, events: readonly Event[]): Buffer {
  return Buffer.from(
    events
      .map((event, n) => {
        const data = { ...event, sequence_number: first + n };
        return `event: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`;
      })
      .join(''),
  );
}

function text(n: number, chars: number): string {
  return ` ${n} of a sentence`.repeat(Math.ceil(chars / 10)).slice(0, chars);
}
