import { describe, expect, it } from 'vitest';
import type { StreamPart } from '../../contract/stream-event.js';
import { spliceRegenerated } from './splice.js';

const START: StreamPart = { type: 'start', id: 'second', model: 'm', backend: 'b' };
const CALL: StreamPart = { type: 'tool-call-delta', index: 0, arguments: '{' };
const END: StreamPart = { type: 'end', reason: 'stop' };
const text = (said: string): StreamPart => ({
  type: 'text-delta',
  text: said,
  wire: { dialect: 'openai', event: {} },
});

async function* streamOf(...chunks: StreamPart[]): AsyncGenerator<StreamPart> {
  for (const chunk of chunks) yield chunk;
}

/** What follows `said` in a second answer; nothing where it does not fit. */
async function following(said: string, ...chunks: StreamPart[]): Promise<StreamPart[] | undefined> {
  const joint = await spliceRegenerated(streamOf(START, ...chunks), said);
  if (!joint.fits) return undefined;
  const joined: StreamPart[] = [];
  for await (const batch of joint.batches) joined.push(...batch);
  return joined;
}

describe('joinRepeated', () => {
  it('goes on with the first new character, wherever the pieces were split', async () => {
    const answer = 'Héllo, wörld! 👋🏽 bye';
    for (let at = 1; at < answer.length; at += 1) {
      const said = 'Héllo, wörld!';
      const pieces = [answer.slice(0, at), answer.slice(at)].map(text);
      const joined = await following(said, ...pieces, END);
      const rest = joined!.map((chunk) => (chunk.type === 'text-delta' ? chunk.text : '')).join('');
      expect(said + rest).toBe(answer);
      expect(joined!.at(-1)).toEqual(END);
    }
  });

  it('hands on no start, and of what was split only the rest of its text', async () => {
    const event = text('!');
    const finish: StreamPart = { type: 'passthrough', wire: { dialect: 'openai', event: {} } };
    expect(await following('He', text('Hello'), event, finish, END)).toEqual([
      { type: 'text-delta', text: 'llo' },
      event,
      finish,
      END,
    ]);
  });

  it('has built anew what an event that is not handed on would have said', async () => {
    const covered: StreamPart = { ...CALL, wire: 'covered' };
    expect(await following('Hello', text('Hello'), covered, END)).toEqual([CALL, END]);
    expect(await following('Hell', text('Hello'), covered, text('!'), covered, END)).toEqual([
      { type: 'text-delta', text: 'o' },
      CALL,
      text('!'),
      covered,
      END,
    ]);
  });

  it('takes the end right behind what was said for the end of the answer', async () => {
    expect(await following('Hello', text('Hello'), END)).toEqual([END]);
  });

  it('takes a tool call behind what was said', async () => {
    expect(await following('Hello', text('Hello'), CALL, END)).toEqual([CALL, END]);
  });

  it.each<[string, StreamPart[]]>([
    ['at its first character', [text('Jello!'), END]],
    ['at the last character of what was said', [text('Hel'), text('lo'), text('?'), END]],
    ['by ending earlier', [text('Hello'), END]],
    ['by thinking first', [{ type: 'reasoning-delta', text: 'Hello!' }, END]],
    ['by stopping without an end', [text('Hello')]],
  ])('does not fit when the second answer differs %s', async (_, chunks) => {
    expect(await following('Hello!', ...chunks)).toBeUndefined();
  });

  it('throws when content comes that only the wire of the second answer could carry', async () => {
    const opaque: StreamPart = { type: 'passthrough', opaqueContent: true, wire: 'covered' };
    await expect(following('Hello', text('Hello!'), opaque, END)).rejects.toMatchObject({
      fault: 'upstream_protocol',
    });
  });
});
