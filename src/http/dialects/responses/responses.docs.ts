import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiErrors, WRONG_FIELD } from '../../errors/errors.docs.js';
import { schemaRef } from '../../json-schema.js';
import { ApiGenerationHeaders } from '../../request-headers.docs.js';
import { Frames } from './frames.js';
import { messageItem, textPart } from './items.js';
import { Output } from './output.js';
import { echoOf, responseObject } from './response-object.js';

const MODEL = 'gpt-4o';
const CREATED_AT = 1_760_000_000;
const QUESTION = { model: MODEL, input: 'Say hi.' };
const ECHO = echoOf(QUESTION);
const AT = { id: 'resp_1', createdAt: CREATED_AT, model: MODEL };

const RESPONSE_EXAMPLE = {
  ...responseObject(ECHO, {
    ...AT,
    status: 'completed',
    output: [messageItem('msg_1', 'completed', [textPart('Hi')])],
    usage: { input: 9, output: 1 },
  }),
  completed_at: CREATED_AT + 1,
};

/** What the encoder writes, so that it is what is documented. */
function exampleFrames(): readonly string[] {
  const out = new Frames();
  const begun = responseObject(ECHO, { ...AT, status: 'in_progress' });
  const frames = [
    out.event('response.created', { response: begun }),
    out.event('response.in_progress', { response: begun }),
  ];
  const output = new Output(out, '1', false, Infinity);
  output.text('output_text', 'Hi', frames);
  output.end('completed', frames);
  return [...frames, out.event('response.completed', { response: RESPONSE_EXAMPLE })];
}

const WIRE = exampleFrames();
const STREAM_EXAMPLES = Object.fromEntries(
  WIRE.map((frame): [string, { value: unknown }] => {
    const [, type, data] = /^event: (.+)\ndata: (.+)\n\n$/.exec(frame)!;
    return [type!, { value: JSON.parse(data!) as unknown }];
  }),
);

export const RESPONSES_REQUESTS = {
  stream: { value: { ...QUESTION, stream: true } },
  tools: {
    value: {
      model: MODEL,
      instructions: 'Answer in one sentence.',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is the weather where this was taken?' },
            { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=' },
          ],
        },
        { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'Sunny.' },
      ],
      tools: [
        {
          type: 'function',
          name: 'get_weather',
          description: 'The weather in a city, right now.',
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
        },
      ],
      tool_choice: 'auto',
    },
  },
};

export function ApiResponses(): MethodDecorator {
  return applyDecorators(
    ApiTags('openai'),
    ApiGenerationHeaders(),
    ApiOperation({
      description:
        "OpenAI's Responses, over every configured model. Nothing is kept: what needs a store (`previous_response_id`, references to items, `background`, `conversation`, `prompt`) is a 400. Hosted tools, and what Sluice does not interpret, go to backends of kind `openai` with `responses: true` untouched.",
    }),
    ApiBody({ schema: schemaRef('CreateResponseRequest'), examples: RESPONSES_REQUESTS }),
    ApiOkResponse({
      description: `The answer: as it is written with \`stream: true\`, else as a whole. Each event of a stream has a \`ResponseStreamEvent\` for data:\n\n\`\`\`\n${WIRE.join('')}\`\`\``,
      content: {
        'text/event-stream': {
          schema: schemaRef('ResponseStreamEvent'),
          examples: STREAM_EXAMPLES,
        },
        'application/json': { schema: schemaRef('Response'), example: RESPONSE_EXAMPLE },
      },
    }),
    ApiErrors({ groups: ['models', 'bodies', 'generations', 'upstreams'], also: [WRONG_FIELD] }),
  );
}
