import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAi } from './openai-script.js';
import { ScriptedUpstream } from './scripted-upstream.js';
import { SlowCaller } from './slow-caller.js';
import { SseReader } from './sse-reader.js';
import { replays } from './upstream-scripts.js';

describe('the test support', () => {
  let upstream: ScriptedUpstream;
  let caller: SlowCaller;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    caller = await SlowCaller.connect(upstream.url);
  });
  afterEach(async () => {
    caller.leave();
    await upstream.close();
  });

  it('plays its scripts in order and repeats the last one, over one connection', async () => {
    upstream.script(openAi.answersText('first'), openAi.streamsText(['sec', 'ond']));
    const texts: string[] = [];
    for (const path of ['/a?x=1', '/b', '/c']) {
      const response = caller.send({ path, body: { path } });
      texts.push(await response.rest());
      expect(response.cleanEnd).toBe(true);
    }
    expect(texts[0]).toContain('first');
    expect(texts[1]).toMatch(/sec[^]*ond[^]*data: \[DONE\]\n\n$/);
    expect(texts[2]).toBe(texts[1]);
    expect(upstream.requests.map(({ path, body }) => [path, body['path']])).toEqual([
      ['/a?x=1', '/a?x=1'],
      ['/b', '/b'],
      ['/c', '/c'],
    ]);
    expect(new Set(upstream.requests.map(({ socketPort }) => socketPort)).size).toBe(1);
    expect(upstream.requests.some(({ isClosed }) => isClosed)).toBe(false);
  });

  it('tells a cut and a reset from a clean end', async () => {
    for (const how of ['finish', 'eof', 'cut', 'reset'] as const) {
      const step = openAi.stepper();
      upstream.script(step.script);
      const own = await SlowCaller.connect(upstream.url);
      const response = own.send({ path: '/' });
      await step.next('Hel');
      expect(await response.readUntil('Hel')).toBe(true);
      await step[how]();
      await response.rest();
      expect([how, response.cleanEnd]).toEqual([how, how === 'finish' || how === 'eof']);
      own.leave();
    }
  });

  it('waits with its writes for a caller that does not read, and goes on when it does', async () => {
    const piece = 'x'.repeat(64 * 1024);
    upstream.script(async (exchange) => {
      exchange.open('text/plain');
      for (let n = 0; n < 400; n += 1) await exchange.write(piece);
      exchange.end();
    });
    const response = caller.send({ path: '/' });
    expect((await response.head()).status).toBe(200);
    expect((await response.read(1000)).length).toBe(1000);
    expect(upstream.requests[0]!.isClosed).toBe(false);
    expect((await response.rest()).length).toBe(400 * piece.length);
    expect(response.cleanEnd).toBe(true);
  });

  it('notices a caller that leaves, before the headers and within the stream', async () => {
    upstream.script(() => {}, openAi.streamsForever('more'));
    caller.send({ path: '/' });
    await upstream.request(0);
    caller.leave();
    await upstream.left(0);

    const other = await SlowCaller.connect(upstream.url);
    await other.send({ path: '/' }).read(1);
    other.leave();
    await upstream.left(1);
    expect(upstream.requests.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });

  it('reads events, comments and ids of a stream in their order, also of one that is cut', async () => {
    upstream.script(
      replays('text/event-stream', ': hi\n\nid: 7\nevent: e\ndata: a\ndata: b\n\n', 1),
    );
    const reader = new SseReader(await fetch(upstream.url));
    expect(await reader.all()).toEqual([{ comment: 'hi' }, { id: '7', event: 'e', data: 'a\nb' }]);
    expect(reader.ended).toBe('clean');

    const step = openAi.stepper();
    upstream.script(step.script);
    const response = fetch(upstream.url);
    await step.next('Hel');
    const cut = new SseReader(await response);
    expect((await cut.nextEvent())?.data).toContain('assistant');
    expect((await cut.nextEvent())?.data).toContain('Hel');
    await step.cut();
    expect(await cut.next()).toBeUndefined();
    expect(cut.ended).toBe('cut');
  });
});
