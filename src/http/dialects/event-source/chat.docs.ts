import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { ApiErrors, WRONG_FIELD } from '../../errors/errors.docs.js';
import { schemaRef } from '../../json-schema.js';
import { ApiGenerationHeaders } from '../../request-headers.docs.js';
import { ChatBody } from './chat-body.dto.js';

const STREAM_ID = '3b7e6c0a-5d1f-4c8e-9b3a-7f2d1e0c4b6a';
const heading = { streamId: STREAM_ID, model: 'gpt-4o' };
const STREAM_EXAMPLES = {
  start: { value: heading },
  message: { value: { text: 'Hello' } },
  done: {
    value: {
      ...heading,
      backend: 'openai',
      finishReason: 'stop',
      usage: { input: 9, output: 1 },
    },
  },
  failed: {
    value: {
      code: 'upstream_cut',
      message: 'The answer was cut before its end.',
      requestId: STREAM_ID,
      retryable: true,
      attempts: [{ backend: 'openai', fault: 'upstream_cut' }],
    },
  },
};
const WIRE = (['start', 'message', 'done'] as const)
  .map((event, n) => {
    const data = JSON.stringify(STREAM_EXAMPLES[event].value);
    return `event: ${event}\nid: ${STREAM_ID}:${n}\ndata: ${data}\n\n`;
  })
  .join('');

const PROTOCOL = [
  'Answers with an event stream. Every event has a name and a JSON object for data:',
  '- `start` `{"streamId", "model"}`, at once',
  '- `heartbeat` `{}`, without an id, where nothing else was said for a while',
  '- `message` events: `{"text"}`, a piece of the answer',
  '- `reasoning` events: `{"text"}`',
  '- `tool-call` events: `{"index", "id"?, "name"?, "arguments"}`, `arguments` being a fragment of JSON text',
  '- `image` events: `{"url"}`, a `data:` URL or a remote one',
  '- exactly one of `done` `{"streamId", "model", "backend", "finishReason", "usage", "costUsd"?, "recovered"?: true}` or `failed` `{"code", "message", "requestId", "retryable", "attempts"?: [{"backend", "fault"}]}`, and the end.',
  '',
  'A stream that ends without `done` or `failed` was cut. Names may be added: skip those you do not know.',
  '',
  'A request with `Last-Event-ID` never generates: a `GET` gets a 204, which stops EventSource, a `POST` gets `failed` with the code `stream_interrupted` alone.',
].join('\n');

/** The summary of a route is its comment. */
export function ApiChatStream(): MethodDecorator {
  return applyDecorators(
    ApiTags('chat'),
    ApiOperation({ description: PROTOCOL }),
    ApiGenerationHeaders(),
    ApiOkResponse({
      description: `The answer as it is written:\n\n\`\`\`\n${WIRE}\`\`\``,
      content: {
        'text/event-stream': { schema: schemaRef('ChatEvent'), examples: STREAM_EXAMPLES },
      },
    }),
    ApiErrors({ groups: ['models', 'generations'], also: [WRONG_FIELD] }),
  );
}

/** Of a `GET`, which an EventSource repeats by itself. */
export function ApiNoMoreEvents(): MethodDecorator {
  return ApiNoContentResponse({
    description:
      'With `Last-Event-ID`, or with a ticket that is used or has expired: there is no such stream, and EventSource stops asking.',
  });
}

/** Beside the parameters of `GET /chat`, which it stands for. */
export function ApiTicketParameter(): MethodDecorator {
  return ApiQuery({
    name: 'ticket',
    type: String,
    required: false,
    description:
      'Of `POST /chat/tickets`, instead of all other parameters, also of `message`. One that is used, expired or unknown is a 204.',
  });
}

const TICKET_REFUSALS = [
  ['rate_limited', '100 of the caller are open.', '100 tickets of yours are open.'],
  [
    'overloaded',
    'This instance is draining, or holds as many tickets as it may.',
    'There are as many tickets as Sluice holds.',
  ],
] as const;

export function ApiTicket(): MethodDecorator {
  return applyDecorators(
    ApiTags('chat'),
    ApiOperation({
      description:
        'Takes the body and headers of `POST /chat` and checks them; nothing is generated yet. The ticket is good once, for a minute, for whoever has it: at most 100 of a caller are open at a time. Limits are charged, and the key is looked at again, when it is used.',
    }),
    ApiGenerationHeaders(),
    ApiErrors({ groups: ['models'], also: [WRONG_FIELD, ...TICKET_REFUSALS] }),
    ApiChatBody(),
  );
}

export function ApiChatModel(): MethodDecorator {
  return ApiParam({
    name: 'model',
    type: String,
    example: 'gpt-4o',
    description: 'A configured model; its name may contain slashes.',
  });
}

export function ApiChatBody(): MethodDecorator {
  return applyDecorators(
    ApiErrors({ groups: ['bodies'] }),
    ApiBody({
      type: ChatBody,
      examples: {
        question: {
          value: {
            messages: [{ role: 'user', content: 'Why is the sky blue?' }],
            temperature: 0.2,
          },
        },
      },
    }),
  );
}
