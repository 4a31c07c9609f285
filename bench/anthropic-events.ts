import type { AnswerEvents } from './openai-events.ts';

/** How many events a whole answer has. */
export const anthropicEventsOf = (chunks: number): number => chunks + 5;

/** The same answer as `answerEvents`, in Anthropic's words. */
export function anthropicAnswerEvents(chunks: number, textChars: number): AnswerEvents {
  const usage = { input_tokens: 64, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const message = {
    id: 'msg_01BeNcH7f3Kq9ZxLmPw2RtVy',
    type: 'message',
    role: 'assistant',
    model: 'claude-bench',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usage, output_tokens: 1 },
  };
  return {
    role: Buffer.concat([
      frame({ type: 'message_start', message }),
      frame({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ]),
    deltas: Array.from({ length: Math.min(chunks, 1000) }, (_, n) =>
      frame({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: text(n, textChars) },
      }),
    ),
    last: Buffer.concat([
      frame({ type: 'content_block_stop', index: 0 }),
      frame({
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { ...usage, output_tokens: chunks },
      }),
      frame({ type: 'message_stop' }),
    ]),
  };
}

function frame(event: { readonly type: string; readonly [name: string]: unknown }): Buffer {
  return Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

function text(n: number, chars: number): string {
  return ` ${n} of a sentence`.repeat(Math.ceil(chars / 10)).slice(0, chars);
}
