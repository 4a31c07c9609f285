import { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StreamTimers } from './stream-timers.js';

const HEARTBEAT_MS = 100;

describe('StreamTimers', () => {
  let response: ServerResponse;
  let writtenAt: number[];
  let timers: StreamTimers;
  beforeEach(() => {
    vi.useFakeTimers();
    response = new ServerResponse({ method: 'GET' } as never);
    writtenAt = [];
  });
  afterEach(() => {
    timers[Symbol.dispose]();
    vi.useRealTimers();
  });

  function start(openAfterMs: number): void {
    const startedAt = Date.now();
    const write = () => {
      writtenAt.push(Date.now() - startedAt);
      timers.written();
    };
    const timeout = setTimeout(write, openAfterMs);
    // Vitest's timers cannot dispose of themselves.
    const opening = { [Symbol.dispose]: () => clearTimeout(timeout) };
    timers = new StreamTimers(response, opening, HEARTBEAT_MS, write);
  }

  it('fill no silence before the stream is open, and count it from there', () => {
    start(250);
    vi.advanceTimersByTime(500);
    expect(writtenAt).toEqual([250, 350, 450]);
  });

  it('do not open what content has opened, and count silence from the last content', () => {
    start(250);
    vi.advanceTimersByTime(40);
    timers.written();
    vi.advanceTimersByTime(60);
    timers.written();
    vi.advanceTimersByTime(200);
    expect(writtenAt).toEqual([200, 300]);
  });

  it('leave a caller alone that does not take what is there', () => {
    start(10);
    vi.spyOn(response, 'writableNeedDrain', 'get').mockReturnValue(true);
    vi.advanceTimersByTime(500);
    expect(writtenAt).toEqual([10]);
  });

  it('do nothing any more once they are disposed of', () => {
    start(10);
    timers[Symbol.dispose]();
    vi.advanceTimersByTime(500);
    expect(writtenAt).toEqual([]);
  });
});
