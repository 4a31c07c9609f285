import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../../../contract/stream-event.js';
import { batchesOf } from './batches.js';

const text = (said: string): StreamEvent => ({ parts: [{ type: 'text-delta', text: said }] });

describe('batchesOf', () => {
  it('puts the events of one read together, in order', () => {
    const batches = [...batchesOf([['a', 'b'], ['c']], (frame) => frame.map(text))];
    expect(batches.map(({ events }) => events)).toEqual([[text('a'), text('b'), text('c')]]);
  });

  it('makes no batch of frames that mean nothing', () => {
    expect([...batchesOf(['', ''], () => [])]).toEqual([]);
  });

  it('bounds a batch, whatever one read brought', () => {
    const frames = Array.from({ length: 1000 }, (_, n) => String(n));
    const batches = [...batchesOf(frames, (frame) => [text(frame)])];
    expect(Math.max(...batches.map(({ events }) => events.length))).toBe(32);
    expect(batches.flatMap(({ events }) => events)).toEqual(frames.map(text));
  });

  it('gives what came before a frame that cannot be read, and then throws', () => {
    const batches = batchesOf(['a', 'b', '!', 'c'], (frame) => {
      if (frame === '!') throw new Error('unreadable');
      return [text(frame)];
    });
    expect(batches.next().value).toMatchObject({ events: [text('a'), text('b')] });
    expect(() => batches.next()).toThrow('unreadable');
  });
});
