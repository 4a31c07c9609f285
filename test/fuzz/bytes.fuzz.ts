import { expect, it } from 'vitest';
import { fuzz } from './fuzz.js';
import { replay } from './replay.js';
import { reportOf } from './report.js';

const { FUZZ_SEED, FUZZ_MINUTES, FUZZ_ONLY, FUZZ_ALL } = process.env;
const settings = {
  seed: FUZZ_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(FUZZ_SEED),
  seconds: Number(FUZZ_MINUTES ?? 10) * 60,
  concurrency: 32,
  all: FUZZ_ALL === '1',
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
  const stories: string[] = [];
  for (const k of FUZZ_ONLY!.split(',')) stories.push(await replay(Number(k), settings));
  process.stdout.write(`${stories.join('\n\n')}\n`);
  expect(stories.filter((story) => story.includes('\nVIOLATION: '))).toHaveLength(0);
});
