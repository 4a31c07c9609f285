import type {
  ChatRequest,
  ContentPart,
  Message,
  MessagePart,
} from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { defined } from '../../contract/json.js';
import type { ChatBodyDto, ChatMessageDto } from './chat-body.dto.js';
import type { ChatQueryDto } from './chat-query.dto.js';

export function requestOfQuery({ message, system }: ChatQueryDto): ChatRequest {
  return {
    messages: [...systemMessage(system), textMessage('user', message)],
    sampling: {},
  };
}

export function requestOfBody(body: ChatBodyDto): ChatRequest {
  return defined({
    messages: [
      ...systemMessage(body.system),
      ...body.messages.map((message, index) => messageOf(message, `messages[${index}]`)),
    ],
    tools: body.tools?.map(({ name, description, parameters }) =>
      defined({
        name,
        description: description ?? undefined,
        parameters: parameters ?? undefined,
      }),
    ),
    // `?? undefined`: a null is an absent field.
    sampling: defined({
      temperature: body.temperature ?? undefined,
      topP: body.topP ?? undefined,
      maxTokens: body.maxTokens ?? undefined,
      stop: body.stop ?? undefined,
      seed: body.seed ?? undefined,
    }),
  });
}

function systemMessage(system: string | null | undefined): Message[] {
  return system ? [textMessage('system', system)] : [];
}

function textMessage(role: Message['role'], text: string): Message {
  return { role, parts: [{ type: 'text', text }] };
}

function messageOf(
  { role, content, toolCalls, toolCallId }: ChatMessageDto,
  path: string,
): Message {
  const parts = partsOf(content);
  if (role === 'tool') {
    if (!toolCallId) {
      const param = `${path}.toolCallId`;
      throw new GatewayError('invalid_request', `${param} is missing.`, { param });
    }
    return { role, parts: [{ type: 'tool-result', toolCallId, parts }] };
  }
  const calls = (toolCalls ?? []).map(({ id, name, arguments: args }): MessagePart => ({
    type: 'tool-call',
    id,
    name,
    arguments: args,
  }));
  return { role, parts: [...parts, ...calls] };
}

function partsOf(content: ChatMessageDto['content'] | null): readonly ContentPart[] {
  if (content == null) return [];
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}
