import { expect, it } from 'vitest';
import { fuzz } from './fuzz.js';
import { reportOf } from './report.js';

/** The same cases every time; `npm run fuzz` looks for others. */
const settings = { seed: 20_261_126, maxCases: 750, seconds: 120, concurrency: 32 };

it(
  'whatever upstreams and callers send, nothing lies, leaks or dies',
  { timeout: 240_000 },
  async () => {
    const result = await fuzz(settings);
    const found = result.violations.length > 0 ? reportOf(settings, result) : 'nothing';
    expect(found).toBe('nothing');
    expect(result.cases).toBe(settings.maxCases);
  },
);
