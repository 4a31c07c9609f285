import { describe, expect, it } from 'vitest';
import { EventBatch } from '../../contract/event-batch.js';
import type { StreamEvent, StreamPart } from '../../contract/stream-event.js';
import type { NextBatch } from '../attempt/first-content.js';
import { spliceRegenerated } from './splice.js';

const CALL: StreamPart = { type: 'tool-call-delta', index: 0, arguments: '{' };
const text = (said: string): StreamPart => ({ type: 'text-delta', text: said });
const built = (...parts: StreamPart[]): StreamEvent => ({ parts });
const native = (...parts: StreamPart[]): StreamEvent => ({
  parts,
  native: { dialect: 'chat-completions', event: { parts } },
});
const START = native({ type: 'start', id: 'second', model: 'm', backend: 'b' });
const END = built({ type: 'end', reason: 'stop' });

/** An answer of `events`; behind them it breaks off. */
function answerOf(events: StreamEvent[], perBatch: number): NextBatch {
  const left = [...events];
  return async () => {
    if (left.length === 0) throw new Error('broken off');
    return new EventBatch(left.splice(0, perBatch));
  };
}

/** What follows `said` in a second answer; nothing where it does not fit. */
async function following(
  said: string,
  events: StreamEvent[],
  perBatch = 1,
): Promise<StreamEvent[] | undefined> {
  const next = await spliceRegenerated(answerOf([START, ...events], perBatch), said);
  if (!next) return undefined;
  const joined: StreamEvent[] = [];
  for (;;) {
    const batch = await next();
    joined.push(...batch.events);
    if (batch.end) return joined;
  }
}

describe('spliceRegenerated', () => {
  it('goes on with the first new character, wherever the pieces were split', async () => {
    const answer = 'Héllo, wörld! 👋🏽 bye';
    for (let at = 1; at < answer.length; at += 1) {
      const said = 'Héllo, wörld!';
      const pieces = [answer.slice(0, at), answer.slice(at)].map((piece) => native(text(piece)));
      const joined = (await following(said, [...pieces, END]))!;
      const parts = joined.flatMap((event) => event.parts);
      const rest = parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
      expect(said + rest).toBe(answer);
      expect(joined.at(-1)).toEqual(END);
    }
  });

  it('hands on no start, and of what was split only the rest of its text', async () => {
    const finish = native();
    const events = [native(text('Hello')), native(text('!')), finish, END];
    const rest = [built(text('llo')), native(text('!')), finish, END];
    expect(await following('He', events)).toEqual(rest);
    expect(await following('He', events, 5)).toEqual(rest);
  });

  it('builds anew what an event that is not handed on said besides', async () => {
    const both = native(text('Hello'), CALL);
    expect(await following('Hello', [both, END])).toEqual([built(CALL), END]);
    const next = native(text('!'), CALL);
    expect(await following('Hell', [both, next, END])).toEqual([built(text('o'), CALL), next, END]);
  });

  it('hands on the content of the event that has the start', async () => {
    const begun = native({ type: 'start', id: 'third', model: 'm', backend: 'b' }, text('Hello!'));
    expect(await following('Hello', [begun, END])).toEqual([built(text('!')), END]);
  });

  it('takes the end right behind what was said for the end of the answer', async () => {
    expect(await following('Hello', [native(text('Hello')), END])).toEqual([END]);
  });

  it('takes a tool call behind what was said', async () => {
    const events = [native(text('Hello')), native(CALL), END];
    expect(await following('Hello', events)).toEqual([native(CALL), END]);
  });

  it.each<[string, StreamEvent[]]>([
    ['at its first character', [native(text('Jello!')), END]],
    [
      'at the last character of what was said',
      [native(text('Hel')), native(text('lo')), native(text('?')), END],
    ],
    ['by ending earlier', [native(text('Hello')), END]],
    ['by thinking first', [native({ type: 'reasoning-delta', text: 'Hello!' }), END]],
  ])('does not fit when the second answer differs %s', async (_, events) => {
    expect(await following('Hello!', events)).toBeUndefined();
  });

  it('breaks off where the second answer does', async () => {
    await expect(following('Hello!', [native(text('Hello'))])).rejects.toThrow('broken off');
    await expect(following('Hello', [native(text('Hello!'))])).rejects.toThrow('broken off');
  });

  it('throws for content that only an event could show which is not handed on', async () => {
    const events = [native(text('Hello!'), { type: 'opaque' }), END];
    await expect(following('Hello', events)).rejects.toMatchObject({ fault: 'upstream_protocol' });
  });

  it('leaves out what no event can show', async () => {
    const events = [built(text('Hello!'), { type: 'opaque' }), END];
    expect(await following('Hello', events)).toEqual([built(text('!'), { type: 'opaque' }), END]);
  });

  it('hands on what it does not know, in an event of its own', async () => {
    const opaque = native({ type: 'opaque' });
    expect(await following('Hello', [native(text('Hello')), opaque, END])).toEqual([opaque, END]);
  });
});
