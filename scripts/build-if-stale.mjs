// Builds when dist/ is missing or older than what it is made from, so that `npm start` always runs the sources at hand.
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';

const SOURCES = ['src/**/*.{ts,html,css,js}', 'package.json', 'tsconfig*.json', 'nest-cli.json'];
const modifiedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const builtAt = modifiedAt('dist/main.js');
const isStale = globSync(SOURCES).some((file) => modifiedAt(file) > builtAt);
if (isStale) {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  process.exit(status ?? 1);
}
