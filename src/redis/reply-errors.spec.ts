import { describe, expect, it } from 'vitest';
import { isOfOneCommand } from './reply-errors.js';

function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('isOfOneCommand', () => {
  it.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'ERR increment or decrement would overflow',
    "NOPERM this user has no permissions to run the 'getdel' command",
    'ERR Error running script (call to f_0): @user_script:2: WRONGTYPE Operation against a key',
    'BUSYKEY Target key name already exists.',
    'MOVED 3999 127.0.0.1:6381',
  ])('is true of "%s"', (message) => {
    expect(isOfOneCommand(replyError(message))).toBe(true);
  });

  it.each([
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica. script: 0, on @user_script:2.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "ERR Error running script (call to f_0): @user_script:2: @user_script: 2: -READONLY You can't write",
    'MISCONF Redis is configured to save RDB snapshots',
    'BUSY Redis is busy running a script.',
  ])('is false of "%s"', (message) => {
    expect(isOfOneCommand(replyError(message))).toBe(false);
  });

  it('is false of what is no answer', () => {
    expect(isOfOneCommand(new Error('Connection is closed.'))).toBe(false);
    expect(isOfOneCommand('x')).toBe(false);
  });
});
