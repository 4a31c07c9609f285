import { existsSync } from 'node:fs';
import { Bench } from './bench.ts';
import { scriptAt } from './contestants.ts';
import { optionsOf } from './options.ts';
import { circumstances, save, textOf } from './report.ts';
import type { Row } from './row.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';

const options = optionsOf(process.argv.slice(2));
/** Memory over 50,000 streams has no quick form. */
const usual = Object.keys(SCENARIOS).filter((name) => !(options.quick && name === 'churn'));
const names = options.only.length > 0 ? options.only : usual;
const unknown = names.filter((name) => !SCENARIOS[name]);
if (unknown.length > 0) {
  throw new Error(
    `No such scenario: ${unknown.join(', ')}. There are: ${Object.keys(SCENARIOS).join(', ')}.`,
  );
}
if (!existsSync(scriptAt('../dist/main.js')))
  throw new Error('There is no dist/: run "npm run build".');

const at = circumstances(options);
const rows: Row[] = [];
const bench = await Bench.start(options);
try {
  for (const name of names) {
    const startedAt = performance.now();
    rows.push(...(await SCENARIOS[name]!(bench)));
    console.error(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  }
} finally {
  await bench.stop();
}
const report = { circumstances: at, rows };
console.log(options.json ? JSON.stringify(report, null, 2) : textOf(report));
if (options.save) console.error(`Written: ${save(report).join(', ')}`);
