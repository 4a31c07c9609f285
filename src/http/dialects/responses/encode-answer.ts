import type { ChatAnswer } from '../../../contract/chat-answer.js';
import type { JsonObject } from '../../../contract/json.js';
import { toTextOfImage } from '../text-of-image.js';
import { functionCallItem, messageItem, reasoningItem, textPart, refusalPart } from './items.js';
import { nowInSeconds, responseObject, type ResponsesOptions } from './response-object.js';
import { sealedContent } from './sealed.js';
import { statusOf } from './vocabulary.js';

/** A whole answer as a Response: the upstream's own JSON where it speaks the dialect. */
export function toResponse(answer: ChatAnswer, options: ResponsesOptions): JsonObject {
  if (answer.native?.dialect === 'responses') return answer.native.event;
  const { model, finishReason, usage } = answer;
  return responseObject(options.echo, {
    id: `resp_${bare(answer.id)}`,
    createdAt: nowInSeconds(),
    model,
    ...statusOf(finishReason),
    output: outputOf(answer, options),
    usage,
  });
}

function outputOf(answer: ChatAnswer, { sealsReasoning }: ResponsesOptions): JsonObject[] {
  const id = bare(answer.id);
  const { reasoning, reasoningSignature: signature, text, refusal, images = [] } = answer;
  const { status } = statusOf(answer.finishReason);
  const said = [text, ...images.map(toTextOfImage)].join('');
  const content = [
    ...(said === '' ? [] : [textPart(said)]),
    ...(refusal === undefined ? [] : [refusalPart(refusal)]),
  ];
  return [
    ...(reasoning === undefined
      ? []
      : [
          reasoningItem(`rs_${id}`, 'completed', {
            text: reasoning,
            sealed: sealsReasoning ? sealedContent({ signature }) : undefined,
          }),
        ]),
    ...(content.length === 0 ? [] : [messageItem(`msg_${id}`, status, content)]),
    ...answer.toolCalls.map(({ id: callId, name, arguments: args }, index) =>
      functionCallItem(`fc_${id}_${index}`, status, {
        callId,
        name,
        arguments: args === '' ? '{}' : args,
      }),
    ),
  ];
}

/** Without what other APIs begin their ids with (`chatcmpl-`, `msg_`). */
function bare(id: string): string {
  return id.replace(/^[a-z]+[-_]/, '');
}
