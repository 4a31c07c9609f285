// `npm run -s sbom`: what the image has of npm, as CycloneDX. `npm sbom --omit` of npm 11 leaves out most of what is
// needed, so everything is asked for, and what npm itself calls required and of no development is kept.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { stdout, status } = spawnSync(
  'npm',
  ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'],
  { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] },
);
if (status !== 0) throw new Error(`npm sbom failed (${status}).`);

const sbom = JSON.parse(stdout);
const isDevelopment = ({ name, value }) =>
  name === 'cdx:npm:package:development' && value === 'true';
const components = sbom.components.filter(
  ({ scope, properties }) => scope === 'required' && !properties.some(isDevelopment),
);
const kept = new Set(components.map((component) => component['bom-ref']));
kept.add(sbom.metadata.component['bom-ref']);
const dependencies = sbom.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }));
// npm calls it by the folder that it lies in.
sbom.metadata.component.name = JSON.parse(readFileSync('package.json', 'utf8')).name;
console.log(JSON.stringify({ ...sbom, components, dependencies }, null, 2));
