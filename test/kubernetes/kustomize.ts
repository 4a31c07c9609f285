import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { systemPart } from '../support/system-parts.js';
import type { Manifest } from './manifest.js';

const DEPLOY = join(import.meta.dirname, '../../deploy/kubernetes');

/** @param folder below `deploy/kubernetes` */
export function render(folder: string): Manifest[] {
  const { path } = systemPart('kubernetes-client');
  const modern = spawnSync(path, ['kustomize', join(DEPLOY, folder)], { encoding: 'utf8' });
  if (modern.status === 0) return manifestsIn(modern.stdout);
  if (!isOfDebian12(path)) throw new Error(modern.stderr);
  const copy = mkdtempSync(join(tmpdir(), 'sluice-kustomize-'));
  try {
    cpSync(DEPLOY, copy, { recursive: true });
    for (const file of globSync(join(copy, '**/kustomization.yaml'))) useOldWords(file);
    return manifestsIn(execFileSync(path, ['kustomize', join(copy, folder)], { encoding: 'utf8' }));
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** As the API server reads it: YAML 1.1, where 0440 is octal. */
export function manifestsIn(yaml: string): Manifest[] {
  return parseAllDocuments(yaml, { version: '1.1' }).map((each) => each.toJS() as Manifest);
}

/** Its kubectl is of 2021, with the Kustomize of 2019, which knows other words for the same. */
function isOfDebian12(kubectl: string): boolean {
  const version = execFileSync(kubectl, ['version', '--client', '--output=json'], {
    encoding: 'utf8',
  });
  const { clientVersion } = JSON.parse(version) as { clientVersion: { minor: string } };
  return Number.parseInt(clientVersion.minor, 10) < 21;
}

/** `bases` beside `resources`, and patches by the name of how they are merged. */
function useOldWords(file: string): void {
  const text = readFileSync(file, 'utf8');
  const [line, base] = /\n {2}- (\.\.\/.*)/.exec(text) ?? [''];
  const old = text
    .replace(line, '')
    .replace(/\npatches:\n {2}- path: /, '\npatchesStrategicMerge:\n  - ');
  writeFileSync(file, base === undefined ? text : `${old}bases: [${base}]\n`);
}
