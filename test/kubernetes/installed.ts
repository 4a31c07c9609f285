import { existsSync } from 'node:fs';
import { isMissing } from '../support/system-parts.js';

/**
 * Whether kubectl or the packages of this folder are not there, which is said in one line. With
 * `SLUICE_TEST_STRICT=1`, as in CI, it fails the file instead.
 */
export function isKubernetesMissing(): boolean {
  if (isMissing('kubernetes-client')) return true;
  if (existsSync(new URL('node_modules/kubernetes-models', import.meta.url))) return false;
  const what = 'the schemas of Kubernetes are not installed: get them with "npm run test:setup"';
  if (process.env['SLUICE_TEST_STRICT'] === '1') throw new Error(`SLUICE_TEST_STRICT: ${what}`);
  process.stderr.write(`\n!!! SKIPPED: ${what}\n`);
  return true;
}
