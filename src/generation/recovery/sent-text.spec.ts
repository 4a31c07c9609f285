import { describe, expect, it } from 'vitest';
import { EventBatch } from '../../contract/event-batch.js';
import type { StreamPart } from '../../contract/stream-event.js';
import { SentText } from './sent-text.js';

const text = (said: string): StreamPart => ({ type: 'text-delta', text: said });

function sentText(maxBytes: number, ...parts: StreamPart[]): string | undefined {
  const sent = new SentText(maxBytes);
  for (const part of parts) sent.add(new EventBatch([{ parts: [part] }]));
  return sent.text;
}

describe('SentText', () => {
  it('holds the text that was given', () => {
    const start: StreamPart = { type: 'start', id: 'a', model: 'm', backend: 'b' };
    expect(sentText(100, start, text('Hel'), text('lo'))).toBe('Hello');
  });

  it('holds nothing beyond its limit, which is one of bytes', () => {
    expect(sentText(4, text('éé'))).toBe('éé');
    expect(sentText(4, text('éé'), text('x'), text('y'))).toBeUndefined();
  });

  it.each<StreamPart>([
    { type: 'reasoning-delta', text: 'Hm' },
    { type: 'refusal-delta', text: 'No' },
    { type: 'tool-call-delta', index: 0, arguments: '' },
    { type: 'opaque' },
  ])('holds nothing once there was a $type', (part) => {
    expect(sentText(100, text('Hello'), part, text('!'))).toBeUndefined();
  });
});
