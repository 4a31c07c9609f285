import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../contract/gateway-error.js';
import { framesOf } from './generation-log.js';

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('framesOf', () => {
  it('says where a bug is', () => {
    const [name, ...frames] = framesOf(GatewayError.from(new TypeError('x')));
    expect(name).toBe('TypeError');
    expect(frames[0]).toMatch(/^at .*generation-log\.spec\.ts/);
  });

  it('holds no line of a message, not even one that looks like a frame', () => {
    // V8 quotes what it cannot parse, line ends and all.
    const cause = thrownBy(() => JSON.parse('{"a":\n at bob}'));
    expect(framesOf(GatewayError.from(cause)).join('\n')).not.toContain('bob');
  });

  it('holds only the name where a message was changed afterwards', () => {
    const cause = new Error('first\n at bob');
    expect(cause.stack).toContain('bob');
    cause.message = 'second';
    expect(framesOf(GatewayError.from(cause))).toEqual(['Error']);
  });
});
