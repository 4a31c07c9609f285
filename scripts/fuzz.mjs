// `npm run fuzz -- --minutes 10 --seed N --only K`: vitest takes no options of ours, so they go by its environment.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
});
for (const name of ['minutes', 'seed']) {
  if (values[name] !== undefined && !(Number(values[name]) >= 0)) {
    throw new Error(`--${name} is not a number: ${values[name]}`);
  }
}
if (values.only !== undefined && values.seed === undefined) {
  throw new Error('--only needs the --seed of its run.');
}

const env = {
  ...process.env,
  FUZZ_MINUTES: values.minutes,
  ...(values.seed !== undefined && { FUZZ_SEED: values.seed }),
  ...(values.only !== undefined && { FUZZ_ONLY: values.only }),
};
const { status } = spawnSync('vitest', ['run', '--config', 'vitest.fuzz.config.ts'], {
  env,
  stdio: 'inherit',
});
process.exit(status ?? 1);
