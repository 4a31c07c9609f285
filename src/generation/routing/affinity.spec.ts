import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/load/load-config.js';
import { ANONYMOUS } from '../../contract/caller.js';
import type { ChatRequest, Message } from '../../contract/chat-request.js';
import { affinityOf } from './affinity.js';
import type { CallerContext } from '../caller-context.js';

const CALL: CallerContext = {
  requestId: 'r',
  dialect: 'chat-completions',
  caller: ANONYMOUS,
  address: '127.0.0.1',
  config: parseConfig({
    backends: [{ id: 'a', kind: 'openai', baseUrl: 'http://a' }],
    models: [{ id: 'm', targets: ['a/m'] }],
  }),
  flow: '127.0.0.1',
  fallback: true,
};
const say = (role: Message['role'], text: string): Message => ({
  role,
  parts: [{ type: 'text', text }],
});
const asked = (...messages: Message[]): ChatRequest => ({ messages, sampling: {} });

describe('affinityOf', () => {
  it('stays the same for all turns of a conversation, also of one that begins with a word', () => {
    const messages = [say('system', 'Be brief.'), say('user', 'Hi')];
    const first = affinityOf(asked(...messages), CALL);
    for (let turn = 0; turn < 100; turn += 1) {
      messages.push(say('assistant', `Answer ${turn}`), say('user', `Question ${turn}`));
      expect(affinityOf(asked(...messages), CALL)).toBe(first);
    }
  });

  it('tells conversations that open differently, and callers, from each other', () => {
    const one = affinityOf(asked(say('user', 'Hi')), CALL);
    expect(affinityOf(asked(say('user', 'Ho')), CALL)).not.toBe(one);
    expect(
      affinityOf(asked(say('user', 'Hi')), { ...CALL, caller: { ...ANONYMOUS, id: 'key-1' } }),
    ).not.toBe(one);
  });

  it('looks at the first 1,024 characters only', () => {
    const long = 'x'.repeat(2000);
    const one = affinityOf(asked(say('user', `${long}a`)), CALL);
    expect(affinityOf(asked(say('user', `${long}b`)), CALL)).toBe(one);
    expect(one.length).toBeLessThan(1100);
  });

  it('is what the caller says it is', () => {
    expect(affinityOf({ ...asked(say('user', 'Hi')), affinity: 'thread-7' }, CALL)).toBe(
      'thread-7',
    );
  });
});
