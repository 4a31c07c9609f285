import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiForbiddenResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiPayloadTooLargeResponse,
  ApiRequestTimeoutResponse,
  ApiServiceUnavailableResponse,
  ApiQuery,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import { ErrorBody } from '../../errors/error-body.dto.js';
import { ApiGenerationHeaders } from '../../request-headers.docs.js';
import { ChatBodyDto } from './chat-body.dto.js';

const STREAM_EXAMPLE = `event: start
id: 3b7e…:0
retry: 3000
data: {"streamId":"3b7e…","model":"gpt-4o"}

event: message
id: 3b7e…:1
data: {"text":"Hello"}

event: message
id: 3b7e…:2
data: {"text":" there"}

event: done
id: 3b7e…:3
data: {"streamId":"3b7e…","model":"gpt-4o","backend":"openai","finishReason":"stop","usage":{"input":9,"output":2}}

`;

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
      description: 'The answer as it is written.',
      content: {
        'text/event-stream': { schema: { type: 'string' }, example: STREAM_EXAMPLE },
      },
    }),
    ApiNoContentResponse({
      description:
        'To a `GET` with `Last-Event-ID`, or with a ticket that is used or has expired: there is no such stream, and EventSource stops asking.',
    }),
    ApiBadRequestResponse({ type: ErrorBody, description: 'A field is wrong; `param` names it.' }),
    ApiForbiddenResponse({
      type: ErrorBody,
      description:
        'A page of an origin, or a name of Sluice, that is not listed in the configuration.',
    }),
    ApiNotFoundResponse({ type: ErrorBody, description: 'The model is not configured.' }),
    ApiServiceUnavailableResponse({ type: ErrorBody, description: 'This instance is draining.' }),
  );
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

export function ApiTicket(): MethodDecorator {
  return applyDecorators(
    ApiTags('chat'),
    ApiOperation({
      description:
        'Takes the body and headers of `POST /chat` and checks them; nothing is generated yet. The ticket is good once, for a minute, for whoever has it: at most 100 of a caller are open at a time. Limits are charged, and the key is looked at again, when it is used.',
    }),
    ApiGenerationHeaders(),
    ApiBadRequestResponse({ type: ErrorBody, description: 'A field is wrong; `param` names it.' }),
    ApiForbiddenResponse({
      type: ErrorBody,
      description:
        'A page of an origin, or a name of Sluice, that is not listed in the configuration.',
    }),
    ApiNotFoundResponse({ type: ErrorBody, description: 'The model is not configured.' }),
    ApiTooManyRequestsResponse({ type: ErrorBody, description: '100 of the caller are open.' }),
    ApiServiceUnavailableResponse({
      type: ErrorBody,
      description: 'This instance is draining, or holds as many tickets as it may.',
    }),
    ApiChatBody('1 MiB'),
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

export function ApiChatBody(limit = '`server.bodyLimit`'): MethodDecorator {
  return applyDecorators(
    ApiRequestTimeoutResponse({
      type: ErrorBody,
      description: 'The body did not come within `server.bodyMs`.',
    }),
    ApiPayloadTooLargeResponse({
      type: ErrorBody,
      description: `The body is larger than ${limit}, or has more than 200,000 values.`,
    }),
    ApiUnsupportedMediaTypeResponse({
      type: ErrorBody,
      description: 'The body is compressed, or in a way that is not known.',
    }),
    ApiBody({
      type: ChatBodyDto,
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
