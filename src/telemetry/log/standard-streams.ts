import { fstatSync, write, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { LineWriter, type Sink } from './line-writer.js';

/** How long whoever reads our lines may take for the last of them. */
const FLUSH_MS = 1000;

export type StandardStream = 'stdout' | 'stderr';

const writers: Partial<Record<StandardStream, LineWriter>> = {};

/** The one way to standard output and standard error. */
export function writeText(name: StandardStream, text: string): void {
  (writers[name] ??= opened(name)).write(text);
}

export function droppedLines(): number {
  return Object.values(writers).reduce((sum, { dropped }) => sum + dropped, 0);
}

/** Waits for the lines that are on their way, but not for a reader that stalls. */
export async function flushLines(): Promise<void> {
  const all = Promise.all(Object.values(writers).map((writer) => writer.flushed()));
  await Promise.race([all, pause(FLUSH_MS, undefined, { ref: false })]);
}

function opened(name: StandardStream): LineWriter {
  const fd = name === 'stdout' ? 1 : 2;
  const writer = new LineWriter(isStream(fd) ? streamSink(process[name]) : fileSink(fd));
  process.on('exit', () => writer.flushNow());
  return writer;
}

function isStream(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

/**
 * Pipes and sockets: the system tells when they take more, so a reader that stalls holds nothing. A
 * write in a thread of the pool would hang there, and the exit of the process with it.
 */
function streamSink(stream: Writable): Sink {
  // Each write hears of its own failure. Unheard, a reader that is gone would end the process.
  stream.on('error', () => {});
  return {
    write: (bytes, done) => void stream.write(bytes, done),
    writeNow: (bytes) => void stream.write(bytes),
  };
}

/** Files and terminals, which Node would write to in the event loop's thread. */
function fileSink(fd: number): Sink {
  return {
    write: function writeRest(bytes, done) {
      write(fd, bytes, (error, written) => {
        if (error || written === bytes.length) done(error);
        else writeRest(bytes.subarray(written), done);
      });
    },
    writeNow: (bytes) => {
      try {
        writeSync(fd, bytes);
      } catch {
        // A full disk: nobody is left to be told.
      }
    },
  };
}
