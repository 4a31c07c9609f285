/** The model that the upstream says it is; as long as the public names of the bench's models. */
const MODEL = 'gpt-4o-2024-08-06';

/** The events of one streamed answer, as they go over the wire. */
export interface AnswerEvents {
  readonly role: Buffer;
  readonly deltas: readonly Buffer[];
  /** Finish reason, usage and `[DONE]`. */
  readonly last: Buffer;
}

/** How many events a whole answer has, `[DONE]` included. */
export const eventsOf = (chunks: number): number => chunks + 4;

const head = {
  id: 'chatcmpl-BeNcH7f3Kq9ZxLmPw2RtVyUa4SdGj',
  object: 'chat.completion.chunk',
  created: 1_760_000_000,
  model: MODEL,
  service_tier: 'default',
  system_fingerprint: 'fp_560af6e559',
};

/** @param textChars length of each delta's text; 16 makes an event of about 280 bytes */
export function answerEvents(chunks: number, textChars: number): AnswerEvents {
  const deltas = Array.from({ length: Math.min(chunks, 1000) }, (_, n) =>
    event({ content: text(n, textChars) }, null),
  );
  const usage = { prompt_tokens: 64, completion_tokens: chunks, total_tokens: 64 + chunks };
  return {
    role: event({ role: 'assistant', content: '', refusal: null }, null),
    deltas,
    last: Buffer.concat([
      event({}, 'stop'),
      frame({ ...head, choices: [], usage }),
      Buffer.from('data: [DONE]\n\n'),
    ]),
  };
}

/** A whole answer of about 1 kB. */
export function plainAnswer(): Buffer {
  return Buffer.from(
    JSON.stringify({
      ...head,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text(0, 620), refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 64, completion_tokens: 155, total_tokens: 219 },
    }),
  );
}

function event(delta: object, finishReason: string | null): Buffer {
  return frame({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    usage: null,
  });
}

function frame(json: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify(json)}\n\n`);
}

function text(n: number, chars: number): string {
  return ` ${n} of a sentence`.repeat(Math.ceil(chars / 10)).slice(0, chars);
}
