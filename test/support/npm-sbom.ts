import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Of CycloneDX 1.5, what is looked at. */
export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly component: object };
  readonly components: readonly SbomComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface SbomComponent {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly object[];
}

/** What `npm run -s sbom` prints. */
export function npmSbom(): Sbom {
  const cwd = join(import.meta.dirname, '../..');
  return JSON.parse(
    execFileSync('npm', ['run', '-s', 'sbom'], { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 }),
  ) as Sbom;
}
