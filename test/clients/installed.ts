import { existsSync } from 'node:fs';

/**
 * Whether the packages of this folder are not installed, which is said in one line. With
 * `SLUICE_TEST_STRICT=1`, as in CI, it fails the file instead.
 */
export function areClientsMissing(): boolean {
  if (existsSync(new URL('node_modules/openai', import.meta.url))) return false;
  const what = 'the client libraries are not installed: get them with "npm run test:setup"';
  if (process.env['SLUICE_TEST_STRICT'] === '1') throw new Error(`SLUICE_TEST_STRICT: ${what}`);
  process.stderr.write(`\n!!! SKIPPED: ${what}\n`);
  return true;
}
