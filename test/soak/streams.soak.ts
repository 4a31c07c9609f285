import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { figuresOf, reportOf } from './report.js';
import { soak } from './soak.js';

const settings = {
  seed: numberFrom('SOAK_SEED', Math.floor(Math.random() * 2 ** 31)),
  streams: numberFrom('SOAK_STREAMS', 20_000),
  concurrency: numberFrom('SOAK_CONCURRENCY', 80),
};

it('thousands of streams with faults on both sides leave nothing behind and lie to nobody', async () => {
  process.stdout.write(`SOAK_SEED=${settings.seed} SOAK_STREAMS=${settings.streams}\n`);
  const result = await soak(settings);
  const figures = figuresOf(result);
  process.stdout.write(`\n${reportOf(result, figures)}\n`);
  const file = process.env['SOAK_JSON'];
  if (file) writeFileSync(file, JSON.stringify({ ...settings, figures }, undefined, 2));
  expect(figures.filter(({ ok }) => !ok)).toEqual([]);
});

function numberFrom(name: string, otherwise: number): number {
  const given = process.env[name];
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} is not a whole number.`);
  return value;
}
