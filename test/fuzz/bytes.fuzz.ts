import { expect, it } from 'vitest';
import { fuzz, playAlone } from './fuzz.js';
import { replay } from './replay.js';
import { reportOf } from './report.js';

const { FUZZ_SEED, FUZZ_MINUTES, FUZZ_ONLY } = process.env;
const settings = {
  seed: FUZZ_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(FUZZ_SEED),
  seconds: Number(FUZZ_MINUTES ?? 10) * 60,
  concurrency: 32,
};

it.skipIf(FUZZ_ONLY)(
  'whatever upstreams and callers send, nothing lies, leaks or dies',
  async () => {
    process.stdout.write(`seed ${settings.seed}\n`);
    const result = await fuzz(settings);
    process.stdout.write(`${reportOf(settings, result)}\n`);
    expect(result.violations).toHaveLength(0);
  },
);

it.runIf(FUZZ_ONLY)('the given cases, alone', async () => {
  const cases = FUZZ_ONLY!.split(',').map(Number);
  const violations = await playAlone(cases, settings);
  // Of many only those are told that show something.
  const told = cases.length === 1 ? cases : violations.flatMap((each) => each.cases);
  for (const k of new Set(told)) process.stdout.write(`${await replay(k, settings)}\n\n`);
  for (const { what, cases: of } of violations)
    process.stdout.write(`VIOLATION ${of.join(',')}: ${what}\n`);
  expect(violations).toHaveLength(0);
});
