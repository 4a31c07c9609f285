import { describe, expect, it } from 'vitest';
import type { StreamChunk } from '../../contract/stream-chunk.js';
import { SentText } from './sent-text.js';

const text = (said: string): StreamChunk => ({ type: 'text-delta', text: said });

function sentText(maxBytes: number, ...chunks: StreamChunk[]): string | undefined {
  const sent = new SentText(maxBytes);
  for (const chunk of chunks) sent.add(chunk);
  return sent.text;
}

describe('SentText', () => {
  it('holds the text that was given', () => {
    const start: StreamChunk = { type: 'start', id: 'a', model: 'm', backend: 'b' };
    const chunks = [start, text('Hel'), { type: 'passthrough' } as const, text('lo')];
    expect(sentText(100, ...chunks)).toBe('Hello');
  });

  it('holds nothing beyond its limit, which is one of bytes', () => {
    expect(sentText(4, text('éé'))).toBe('éé');
    expect(sentText(4, text('éé'), text('x'), text('y'))).toBeUndefined();
  });

  it.each<StreamChunk>([
    { type: 'reasoning-delta', text: 'Hm' },
    { type: 'refusal-delta', text: 'No' },
    { type: 'tool-call-delta', index: 0, arguments: '' },
    { type: 'passthrough', opaqueContent: true },
  ])('holds nothing once there was a $type', (chunk) => {
    expect(sentText(100, text('Hello'), chunk, text('!'))).toBeUndefined();
  });
});
