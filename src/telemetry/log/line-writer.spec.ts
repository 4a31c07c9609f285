import { describe, expect, it } from 'vitest';
import { LineWriter, type Sink } from './line-writer.js';

/** A sink that is done with a write when the test says so. */
class SteppedSink implements Sink {
  readonly texts: string[] = [];
  readonly lastWords: string[] = [];
  #done: ((error?: Error | null) => void) | undefined;

  write(bytes: Buffer, done: (error?: Error | null) => void): void {
    this.texts.push(bytes.toString());
    this.#done = done;
  }

  writeNow(bytes: Buffer): void {
    this.lastWords.push(bytes.toString());
  }

  done(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }
}

describe('lines on their way out', () => {
  it('come out in order, those that waited together', () => {
    const sink = new SteppedSink();
    const writer = new LineWriter(sink);
    for (const text of ['1\n', '2\n', '3\n']) writer.write(text);
    sink.done();
    writer.write('4\n');
    sink.done();
    expect(sink.texts).toEqual(['1\n', '2\n3\n', '4\n']);
  });

  it('are dropped and counted behind a reader that stalls, and go on when it reads again', () => {
    const sink = new SteppedSink();
    const writer = new LineWriter(sink);
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 10_000; i += 1) writer.write(line);
    const { dropped } = writer;
    // 4 MiB wait, and one line is being written.
    expect(dropped).toBe(10_000 - 4096 - 1);
    while (sink.texts.join('').length < (10_000 - dropped) * line.length) sink.done();
    sink.done();
    writer.write('again\n');
    expect([sink.texts.at(-1), writer.dropped]).toEqual(['again\n', dropped]);
  });

  it('count as dropped when they cannot be written, and the next ones are tried', () => {
    const sink = new SteppedSink();
    const writer = new LineWriter(sink);
    writer.write('1\n');
    writer.write('2\n');
    writer.write('3\n');
    sink.done(new Error('ENOSPC'));
    sink.done(new Error('ENOSPC'));
    writer.write('4\n');
    expect([writer.dropped, sink.texts.at(-1)]).toEqual([3, '4\n']);
  });

  it('can be waited for', async () => {
    const sink = new SteppedSink();
    const writer = new LineWriter(sink);
    await writer.flushed();
    writer.write('1\n');
    writer.write('2\n');
    const flushed = writer.flushed().then(() => sink.texts.length);
    sink.done();
    sink.done();
    expect(await flushed).toBe(2);
  });

  it('are handed over at the exit as far as they still wait', () => {
    const sink = new SteppedSink();
    const writer = new LineWriter(sink);
    for (const text of ['1\n', '2\n', '3\n']) writer.write(text);
    writer.flushNow();
    expect(sink.lastWords).toEqual(['2\n3\n']);
  });
});
