import { describe, expect, it } from 'vitest';
import type { StreamPart } from '../../contract/stream-event.js';
import { SentText } from './sent-text.js';

const text = (said: string): StreamPart => ({ type: 'text-delta', text: said });

function transcriptOf(maxBytes: number, ...chunks: StreamPart[]): string | undefined {
  const transcript = new SentText(maxBytes);
  for (const chunk of chunks) transcript.add(chunk);
  return transcript.text;
}

describe('Transcript', () => {
  it('holds the text that was given', () => {
    const start: StreamPart = { type: 'start', id: 'a', model: 'm', backend: 'b' };
    const chunks = [start, text('Hel'), { type: 'passthrough' } as const, text('lo')];
    expect(transcriptOf(100, ...chunks)).toBe('Hello');
  });

  it('holds nothing beyond its limit, which is one of bytes', () => {
    expect(transcriptOf(4, text('éé'))).toBe('éé');
    expect(transcriptOf(4, text('éé'), text('x'), text('y'))).toBeUndefined();
  });

  it.each<StreamPart>([
    { type: 'reasoning-delta', text: 'Hm' },
    { type: 'refusal-delta', text: 'No' },
    { type: 'tool-call-delta', index: 0, arguments: '' },
    { type: 'passthrough', opaqueContent: true },
  ])('holds nothing once there was a $type', (chunk) => {
    expect(transcriptOf(100, text('Hello'), chunk, text('!'))).toBeUndefined();
  });
});
