import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiErrors, WRONG_FIELD } from '../../errors/errors.docs.js';
import { schemaRef } from '../../json-schema.js';
import { ApiGenerationHeaders } from '../../request-headers.docs.js';

const chunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1760000000,
  model: 'gpt-4o',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const STREAM_EXAMPLES = {
  role: { value: chunk({ role: 'assistant', content: '' }) },
  content: { value: chunk({ content: 'Hi' }) },
  finish: { value: chunk({}, 'stop') },
};
const WIRE = [...Object.values(STREAM_EXAMPLES).map(({ value }) => JSON.stringify(value)), '[DONE]']
  .map((data) => `data: ${data}\n\n`)
  .join('');

const ANSWER_EXAMPLE = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1760000000,
  model: 'gpt-4o',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hi' },
      finish_reason: 'stop',
      logprobs: null,
    },
  ],
  usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
};

export const CHAT_COMPLETION_REQUESTS = {
  stream: {
    value: {
      model: 'gpt-4o',
      stream: true,
      messages: [{ role: 'user', content: 'Why is the sky blue?' }],
    },
  },
  tools: {
    value: {
      model: 'gpt-4o',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is the weather where this was taken?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
      ],
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'The weather in a city, right now.',
            parameters: { type: 'object', properties: { city: { type: 'string' } } },
          },
        },
      ],
      tool_choice: 'auto',
      response_format: { type: 'text' },
    },
  },
};

export function ApiChatCompletion(): MethodDecorator {
  return applyDecorators(
    ApiTags('openai'),
    ApiOperation({
      description:
        'Every field of the current OpenAI API is accepted; what Sluice does not interpret goes to OpenAI-kind backends untouched.',
    }),
    ApiGenerationHeaders(),
    ApiBody({
      schema: schemaRef('CreateChatCompletionRequest'),
      examples: CHAT_COMPLETION_REQUESTS,
    }),
    ApiOkResponse({
      description: `The answer: as it is written with \`stream: true\`, else as a whole. Each event of a stream has a \`ChatCompletionStreamEvent\` for data; the last is \`[DONE]\`:\n\n\`\`\`\n${WIRE}\`\`\``,
      headers: {
        'x-sluice-model': { description: 'The public model.', schema: { type: 'string' } },
        'x-sluice-backend': { description: 'Who answers.', schema: { type: 'string' } },
        'x-sluice-attempts': { description: 'Requests to upstreams.', schema: { type: 'integer' } },
        'x-sluice-cost-usd': {
          description: 'What the answer cost in USD, on plain answers of targets with a price.',
          schema: { type: 'number' },
        },
        'server-timing': {
          description: 'Where the time went until now, by whom was waited for.',
          schema: { type: 'string', example: 'connect;dur=3.1, first_content;dur=412.6' },
        },
        'x-sluice-ignored': { description: 'Hints left out.', schema: { type: 'string' } },
      },
      content: {
        'text/event-stream': {
          schema: schemaRef('ChatCompletionStreamEvent'),
          examples: STREAM_EXAMPLES,
        },
        'application/json': { schema: schemaRef('ChatCompletion'), example: ANSWER_EXAMPLE },
      },
    }),
    ApiErrors({ groups: ['models', 'bodies', 'generations', 'upstreams'], also: [WRONG_FIELD] }),
  );
}
