import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultsOf } from './faults-of.js';
import { isKubernetesMissing } from './installed.js';
import { manifestsIn, render } from './kustomize.js';
import { type Manifest, oneOf } from './manifest.js';

describe.skipIf(isKubernetesMissing())('deploy/kubernetes', () => {
  it.each(['base', 'overlays/production'])('%s is what Kubernetes takes', async (folder) => {
    const manifests = render(folder);
    expect(manifests.length).toBeGreaterThan(6);
    expect(await faultsOf(manifests)).toEqual([]);
  });

  it('is also right in what is commented out of its NetworkPolicy', async () => {
    const file = new URL('../../deploy/kubernetes/base/network-policy.yaml', import.meta.url);
    const policies = manifestsIn(readFileSync(file, 'utf8').replaceAll(/# (?=- | )/g, ''));
    expect(oneOf(policies, 'NetworkPolicy').spec.egress).toHaveLength(5);
    expect(await faultsOf(policies)).toEqual([]);
  });

  it.each([
    ['a value of the wrong type', /minReadySeconds/, { minReadySeconds: 'soon' }],
    ['a required field that is missing', /selector/, { selector: undefined }],
    ['a field that is misspelled', /"minReadySecond"' does not exist/, { minReadySecond: 5 }],
  ])('would be refused with %s', async (_what, fault, fields) => {
    const { spec, ...deployment } = oneOf(render('base'), 'Deployment');
    const broken: Manifest = { ...deployment, spec: { ...spec, ...fields } };
    expect((await faultsOf([broken])).join('\n')).toMatch(fault);
  });

  it('would be refused with a misspelled field deep in a pod', async () => {
    const text = JSON.stringify(render('base')).replace('"failureThreshold"', '"failureTreshold"');
    const faults = await faultsOf(JSON.parse(text) as Manifest[]);
    expect(faults.join('\n')).toContain(`"failureTreshold"' does not exist`);
  });
});
