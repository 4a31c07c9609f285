import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './build-context.js';

const text = readFileSync(join(ROOT, '.github/workflows/image.yml'), 'utf8');
const { permissions, jobs } = parse(text) as {
  permissions: object;
  jobs: { publish: { permissions: object; steps: { uses?: string; run?: string }[] } };
};

/** Nobody has run it: this is its form, and no proof that it works. */
describe('The workflow that publishes the image', () => {
  it('says that it was not run', () => {
    expect(text).toMatch(/^# NOT RUN YET/);
  });

  it('names every action by its commit, with the version that this was', () => {
    const uses = text.split('\n').filter((line) => line.includes('uses:'));
    expect(uses.length).toBeGreaterThan(5);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d/);
  });

  it('may do nothing but read, publish and sign', () => {
    expect(permissions).toEqual({});
    expect(jobs.publish.permissions).toEqual({
      contents: 'read',
      packages: 'write',
      attestations: 'write',
      'id-token': 'write',
    });
  });

  it('scans before it logs in to the registry', () => {
    const actions = jobs.publish.steps.map(({ uses = '' }) => uses.split('@')[0]);
    expect(actions.indexOf('aquasecurity/trivy-action')).toBeGreaterThan(0);
    expect(actions.indexOf('docker/login-action')).toBeGreaterThan(
      actions.indexOf('aquasecurity/trivy-action'),
    );
  });

  it('puts nothing of a request into a shell', () => {
    for (const { run = '' } of jobs.publish.steps) expect(run).not.toContain('${{');
  });
});
