import { afterEach, describe, expect, it, vi } from 'vitest';
import { isMissing, systemPart } from './system-parts.js';

describe('A part of the system that is not there', () => {
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  afterEach(() => {
    vi.unstubAllEnvs();
    written.mockClear();
  });

  it('skips a suite with one line that says how to get it', () => {
    vi.stubEnv('PATH', '');
    vi.stubEnv('SLUICE_TEST_STRICT', '');
    expect(systemPart('redis-server')).toEqual({ present: false, path: 'redis-server' });
    expect(isMissing('redis-server', 'chromium')).toBe(true);
    expect(written).toHaveBeenCalledOnce();
    expect(String(written.mock.calls[0]![0])).toMatch(
      /no redis-server, no chromium .*npm run test:setup/,
    );
  });

  it('is a failure where a skip must not pass for a success', () => {
    vi.stubEnv('PATH', '');
    vi.stubEnv('SLUICE_TEST_STRICT', '1');
    expect(() => isMissing('chromium')).toThrow(/no chromium .*npm run test:setup/);
    expect(written).not.toHaveBeenCalled();
  });
});
