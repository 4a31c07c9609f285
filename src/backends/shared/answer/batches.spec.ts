import { describe, expect, it } from 'vitest';
import type { StreamPart } from '../../../contract/stream-event.js';
import { batchesOf } from './batches.js';

const text = (said: string): StreamPart => ({ type: 'text-delta', text: said });

describe('batchesOf', () => {
  it('puts the chunks of one read together, in order', () => {
    const batches = [...batchesOf([['a', 'b'], ['c']], (event) => event.map(text))];
    expect(batches).toEqual([[text('a'), text('b'), text('c')]]);
  });

  it('makes no batch of events that no chunk is made from', () => {
    expect([...batchesOf(['', ''], () => [])]).toEqual([]);
  });

  it('bounds a batch, whatever one read brought', () => {
    const events = Array.from({ length: 1000 }, (_, n) => String(n));
    const batches = [...batchesOf(events, (event) => [text(event)])];
    expect(Math.max(...batches.map(({ length }) => length))).toBe(32);
    expect(batches.flat()).toEqual(events.map(text));
  });

  it('gives what came before an event that cannot be read, and then throws', () => {
    const batches = batchesOf(['a', 'b', '!', 'c'], (event) => {
      if (event === '!') throw new Error('unreadable');
      return [text(event)];
    });
    expect(batches.next().value).toEqual([text('a'), text('b')]);
    expect(() => batches.next()).toThrow('unreadable');
  });
});
