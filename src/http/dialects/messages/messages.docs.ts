import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiErrors, WRONG_FIELD } from '../../errors/errors.docs.js';
import { schemaRef } from '../../json-schema.js';
import { ApiGenerationHeaders } from '../../request-headers.docs.js';
import { toAnthropicFailure } from './errors.js';

const MODEL = 'claude-sonnet-4-5';
const MESSAGE_EXAMPLE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: MODEL,
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 9, output_tokens: 1 },
};

const EVENTS = [
  { type: 'message_start', message: { ...MESSAGE_EXAMPLE, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 1 },
  },
  { type: 'message_stop' },
];
const STREAM_EXAMPLES = Object.fromEntries(EVENTS.map((event) => [event.type, { value: event }]));
const WIRE = EVENTS.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(
  '',
);

const messages = [{ role: 'user', content: 'Why is the sky blue?' }];

export const MESSAGE_REQUESTS = {
  stream: { value: { model: MODEL, max_tokens: 1024, stream: true, messages } },
  tools: {
    value: {
      model: MODEL,
      max_tokens: 1024,
      system: [{ type: 'text', text: 'Answer in one sentence.' }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is the weather where this was taken?' },
            {
              type: 'image',
              source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' },
            },
          ],
        },
      ],
      tools: [
        {
          name: 'get_weather',
          description: 'The weather in a city, right now.',
          input_schema: { type: 'object', properties: { city: { type: 'string' } } },
        },
      ],
      tool_choice: { type: 'auto' },
    },
  },
};

export function ApiMessages(): MethodDecorator {
  return applyDecorators(
    ApiVersionHeaders(),
    ApiOperation({
      description:
        "Anthropic's Messages, over every configured model; what Sluice does not interpret goes to backends of kind `anthropic` untouched.",
    }),
    ApiBody({
      schema: schemaRef('CreateMessageRequest'),
      examples: MESSAGE_REQUESTS,
    }),
    ApiOkResponse({
      description: `The answer: as it is written with \`stream: true\`, else as a whole. Each event of a stream has a \`MessageStreamEvent\` for data:\n\n\`\`\`\n${WIRE}\`\`\``,
      content: {
        'text/event-stream': {
          schema: schemaRef('MessageStreamEvent'),
          examples: STREAM_EXAMPLES,
        },
        'application/json': { schema: schemaRef('Message'), example: MESSAGE_EXAMPLE },
      },
    }),
  );
}

export function ApiCountTokens(): MethodDecorator {
  return applyDecorators(
    ApiVersionHeaders(),
    ApiOperation({ description: 'Where the backend counts; nothing is generated.' }),
    ApiBody({
      schema: schemaRef('CountTokensRequest'),
      examples: { question: { value: { model: MODEL, messages } } },
    }),
    ApiOkResponse({
      description: 'How many tokens the request has.',
      content: {
        'application/json': {
          schema: schemaRef('CountTokensResponse'),
          example: { input_tokens: 14 },
        },
      },
    }),
  );
}

function ApiVersionHeaders(): MethodDecorator {
  return applyDecorators(
    ApiTags('anthropic'),
    ApiGenerationHeaders(),
    ApiHeader({
      name: 'anthropic-version',
      required: false,
      schema: { type: 'string', example: '2023-06-01' },
    }),
    ApiHeader({ name: 'anthropic-beta', required: false, schema: { type: 'string' } }),
    ApiErrors({
      groups: ['models', 'bodies', 'generations', 'upstreams'],
      also: [WRONG_FIELD],
      schema: 'MessagesError',
      failure: toAnthropicFailure,
    }),
  );
}
