import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ErrorBody } from '../../errors/error-body.dto.js';
import { ApiGenerationHeaders } from '../../request-headers.docs.js';

const CHUNK =
  '"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o"';
const STREAM_EXAMPLE = `data: {${CHUNK},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

data: {${CHUNK},"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}

data: {${CHUNK},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: [DONE]

`;
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

/** The request is OpenAI's own: only the fields that Sluice interprets are described. */
const REQUEST_SCHEMA = {
  type: 'object',
  required: ['model', 'messages'],
  additionalProperties: true,
  properties: {
    model: { type: 'string', description: 'A configured model.', example: 'gpt-4o' },
    messages: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['role'],
        additionalProperties: true,
        properties: {
          role: { type: 'string', enum: ['system', 'developer', 'user', 'assistant', 'tool'] },
          content: {
            description: 'Text, or an array of parts.',
            oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'object' } }],
          },
        },
      },
    },
    stream: { type: 'boolean', default: false },
    stream_options: {
      type: 'object',
      properties: { include_usage: { type: 'boolean' } },
    },
    temperature: { type: 'number' },
    top_p: { type: 'number' },
    max_completion_tokens: { type: 'integer' },
    stop: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    seed: { type: 'integer' },
    tools: { type: 'array', items: { type: 'object' } },
    response_format: { type: 'object' },
  },
} as const;

const REFUSALS: readonly (readonly [number, string])[] = [
  [400, 'A field is wrong; `param` names it.'],
  [403, 'A page of an origin, or a name of Sluice, that is not listed in the configuration.'],
  [404, 'The model is not configured.'],
  [408, 'The body did not come within `server.bodyMs`.'],
  [413, 'The body is larger than `server.bodyLimit`, or has more than 200,000 values.'],
  [415, 'The body is compressed, or in a way that is not known.'],
  [429, 'Every target is rate limited, or out of quota.'],
  [500, 'A bug in Sluice.'],
  [502, 'The upstream refused our key, lacks the model, cut its answer or broke its protocol.'],
  [503, 'The upstream is unavailable, or this instance is draining.'],
  [504, 'A deadline passed.'],
];

export function ApiChatCompletion(): MethodDecorator {
  return applyDecorators(
    ApiTags('openai'),
    ApiOperation({
      description:
        'Every field of the current OpenAI API is accepted; what Sluice does not interpret goes to OpenAI-kind backends untouched.',
    }),
    ApiGenerationHeaders(),
    ApiBody({
      // The schema is written out and `as const`, which the type does not expect.
      schema: REQUEST_SCHEMA as unknown as Record<string, never>,
      examples: {
        stream: {
          value: {
            model: 'gpt-4o',
            stream: true,
            messages: [{ role: 'user', content: 'Why is the sky blue?' }],
          },
        },
      },
    }),
    ApiOkResponse({
      description: 'The answer: as it is written with `stream: true`, else as a whole.',
      headers: {
        'x-sluice-model': { description: 'The public model.', schema: { type: 'string' } },
        'x-sluice-backend': { description: 'Who answers.', schema: { type: 'string' } },
        'x-sluice-attempts': { description: 'Requests to upstreams.', schema: { type: 'integer' } },
        'x-sluice-cost-usd': {
          description: 'What the answer cost in USD, on plain answers of targets with a price.',
          schema: { type: 'number' },
        },
        'x-sluice-ignored': { description: 'Hints left out.', schema: { type: 'string' } },
      },
      content: {
        'text/event-stream': { schema: { type: 'string' }, example: STREAM_EXAMPLE },
        'application/json': { schema: { type: 'object' }, example: ANSWER_EXAMPLE },
      },
    }),
    ...REFUSALS.map(([status, description]) =>
      ApiResponse({ status, description, type: ErrorBody }),
    ),
  );
}
