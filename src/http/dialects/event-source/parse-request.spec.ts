// oxlint-disable-next-line import/no-unassigned-import -- the types of the decorated fields
import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../contract/gateway-error.js';
import { ChatBody } from './chat-body.dto.js';
import { parseChatBody } from './parse-request.js';

const user = { role: 'user', content: 'Hi' };
const call = { id: 'a', name: 'f', arguments: '{}' };

/** What the OpenAPI document's rules say of a body. */
function isDocumented(body: object): boolean {
  const faults = validateSync(plainToInstance(ChatBody, body), {
    whitelist: true,
    forbidNonWhitelisted: true,
  });
  return faults.length === 0;
}

function fault(body: object): string | undefined {
  try {
    parseChatBody(body);
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error.message;
    throw error;
  }
}

const WRONG: readonly (readonly [message: string, body: object])[] = [
  ['messages is missing.', {}],
  ['messages must be an array.', { messages: user }],
  ['messages must not be empty.', { messages: [] }],
  ['messages[1] must be an object.', { messages: [user, 5] }],
  ['messages[0].role is missing.', { messages: [{ content: 'Hi' }] }],
  [
    'messages[1].role must be one of the following values: system, user, assistant, tool.',
    { messages: [user, { ...user, role: 'robot' }] },
  ],
  ['messages[0].x is not known here.', { messages: [{ ...user, x: 1 }] }],
  ['messages[0].toolCalls must be an array.', { messages: [{ ...user, toolCalls: {} }] }],
  [
    'messages[0].toolCalls[1].arguments must be a string.',
    { messages: [{ ...user, toolCalls: [call, { ...call, arguments: {} }] }] },
  ],
  ['messages[0].toolCalls[0].id is missing.', { messages: [{ role: 'user', toolCalls: [{}] }] }],
  [
    'messages[0].toolCalls[0].type is not known here.',
    { messages: [{ role: 'assistant', toolCalls: [{ ...call, type: 'function' }] }] },
  ],
  ['tempreature is not known here.', { messages: [user], tempreature: 1 }],
  ['model must be a string.', { messages: [user], model: 5 }],
  ['system must be a string.', { messages: [user], system: ['a'] }],
  ['temperature must be a number.', { messages: [user], temperature: 'hot' }],
  ['temperature must not be less than 0.', { messages: [user], temperature: -1 }],
  ['topP must not be greater than 1.', { messages: [user], topP: 1.5 }],
  ['maxTokens must be an integer.', { messages: [user], maxTokens: 1.5 }],
  ['maxTokens must not be less than 1.', { messages: [user], maxTokens: 0 }],
  ['seed must be an integer.', { messages: [user], seed: 'a' }],
  ['stop must be an array.', { messages: [user], stop: 'END' }],
  ['stop must be an array of strings.', { messages: [user], stop: ['a', 1] }],
  ['tools[0] must be an object.', { messages: [user], tools: ['f'] }],
  ['tools[0].name is missing.', { messages: [user], tools: [{}] }],
  ['tools[0].name must not be empty.', { messages: [user], tools: [{ name: '' }] }],
  [
    'tools[0].parameters must be an object.',
    { messages: [user], tools: [{ name: 'f', parameters: [] }] },
  ],
];

const GOOD: readonly object[] = [
  { messages: [user] },
  { messages: [{ role: 'assistant', toolCalls: [call] }] },
  { messages: [{ role: 'tool', toolCallId: 'a', content: '7' }] },
  { messages: [{ ...user, content: null }], model: null, system: null, stop: null, tools: null },
  { messages: [user], temperature: 0, topP: 1, maxTokens: 1, seed: -1, stop: [], tools: [] },
  { messages: [user], tools: [{ name: 'f', description: null, parameters: { a: [{}] } }] },
];

describe('a chat body', () => {
  it.each(WRONG)('is refused because %s', (message, body) => {
    expect(fault(body)).toBe(message);
  });

  it.each(WRONG)('is refused by what the OpenAPI document says, too: %s', (_, body) => {
    expect(isDocumented(body)).toBe(false);
  });

  it.each(GOOD)('is taken, as documented: %j', (body) => {
    expect([fault(body), isDocumented(body)]).toEqual([undefined, true]);
  });

  it('is read up to its first fault', () => {
    const messages = Array.from({ length: 10_000 }, (_, index) => ({
      get role() {
        if (index > 1) throw new Error('It read on.');
        return index === 0 ? 'user' : 'robot';
      },
    }));
    expect(fault({ messages })).toContain('messages[1].role');
  });

  it('shows no more of an unknown field than its beginning', () => {
    expect(fault({ messages: [user], ['x'.repeat(100_000)]: 1 })?.length).toBeLessThan(200);
  });
});
