import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { npmSbom } from '../support/npm-sbom.js';

const { version, packages } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'),
) as { version: string; packages: Record<string, LockedPackage> };

interface LockedPackage {
  readonly version: string;
  readonly dev?: true;
  readonly devOptional?: true;
  readonly optional?: true;
  readonly peer?: true;
}

it('npm run sbom lists, as CycloneDX, exactly the production packages of the lockfile', () => {
  const sbom = npmSbom();
  expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
  expect(sbom.serialNumber).toMatch(/^urn:uuid:/);
  expect(sbom.metadata.component).toMatchObject({ name: 'sluice', version, type: 'application' });

  const production = Object.entries(packages).filter(
    ([path, { dev, devOptional, optional }]) => path !== '' && !dev && !devOptional && !optional,
  );
  const locked = production.map(([path, each]) => `${nameOf(path)}@${each.version}`);
  expect(locked.length).toBeGreaterThan(100);
  const listed = sbom.components.map((component) => `${component.name}@${component.version}`);
  expect(listed.toSorted()).toEqual(locked.toSorted());

  for (const { purl, hashes } of sbom.components) {
    expect(purl).toMatch(/^pkg:npm\/.+@\d/);
    expect(hashes).not.toEqual([]);
  }
  const refs = sbom.components.map((component) => component['bom-ref']);
  expect(new Set(refs).size).toBe(refs.length);
  for (const { dependsOn } of sbom.dependencies) {
    expect(refs).toEqual(expect.arrayContaining([...dependsOn]));
  }
});

function nameOf(path: string): string | undefined {
  return path.split('node_modules/').at(-1);
}
