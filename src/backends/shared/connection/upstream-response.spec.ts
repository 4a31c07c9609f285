import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { UpstreamResponse } from './upstream-response.js';

/** A response that has begun, what undici is told of it, and its reader. */
function begun() {
  const told: string[] = [];
  const caller = new AbortController();
  const response = new UpstreamResponse('openai', caller.signal, () => undefined);
  const controller = {
    pause: () => told.push('pause'),
    resume: () => told.push('resume'),
    abort: () => told.push('abort'),
  } as unknown as Dispatcher.DispatchController;
  response.onRequestStart(controller);
  response.onResponseStart(controller, 200, {});
  const reader = response[Symbol.asyncIterator]();
  const arrive = (text: string) => response.onResponseData(controller, Buffer.from(text));
  const fail = () => response.onResponseError(controller, new Error('ECONNRESET'));
  return { response, reader, arrive, fail, told, caller };
}

const CUT = { fault: 'upstream_cut' };

describe('UpstreamResponse', () => {
  it('gives in one piece what arrived in one go', async () => {
    const { response, reader, arrive } = begun();
    const next = reader.next();
    arrive('one ');
    arrive('two');
    response.onResponseEnd();
    expect(String((await next).value)).toBe('one two');
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it('gives what arrived before the connection broke, and then throws', async () => {
    const { reader, arrive, fail } = begun();
    arrive('last words');
    fail();
    expect(String((await reader.next()).value)).toBe('last words');
    await expect(reader.next()).rejects.toMatchObject(CUT);
  });

  it('gives nothing more once it was aborted', async () => {
    const { reader, arrive, caller, told } = begun();
    arrive('unread');
    caller.abort(new Error('gone'));
    await expect(reader.next()).rejects.toMatchObject(CUT);
    expect(told).toEqual(['abort']);
  });

  it('stops the connection when 32 KiB wait, until all of it was taken', async () => {
    const { reader, arrive, told } = begun();
    arrive('x'.repeat(32 * 1024 - 1));
    expect(told).toEqual([]);
    arrive('y');
    expect(told).toEqual(['pause']);
    await reader.next();
    expect(told).toEqual(['pause']);
    void reader.next();
    expect(told).toEqual(['pause', 'resume']);
  });

  it('reads a short rest for a reader that left, and closes the connection on a long one', async () => {
    const { reader, arrive, told } = begun();
    await reader.return?.();
    arrive('x'.repeat(16 * 1024));
    expect(told).toEqual(['resume']);
    arrive('one too many');
    expect(told).toEqual(['resume', 'abort']);
  });
});
