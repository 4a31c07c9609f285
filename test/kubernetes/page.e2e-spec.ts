import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultsOf } from './faults-of.js';
import { isKubernetesMissing } from './installed.js';
import { manifestsIn, render } from './kustomize.js';
import { oneOf } from './manifest.js';
import { secretsReadBy, sluiceConfigIn, sluiceYamlIn } from './sluice-config.js';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8');

const blocksOf = (language: string) =>
  [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text!);

describe.skipIf(isKubernetesMissing())('docs/kubernetes.md', () => {
  it('names files that there are', () => {
    const paths = [
      ...[...PAGE.matchAll(/(?<![\w/])deploy\/kubernetes[\w./-]*/g)].map(([path]) => path),
      ...[...PAGE.matchAll(/`((?:base|overlays)\/[\w./-]+)`/g)].map(
        ([, path]) => `deploy/kubernetes/${path}`,
      ),
    ];
    expect(paths.length).toBeGreaterThan(15);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('shows objects that their controllers take', async () => {
    const objects = blocksOf('yaml')
      .flatMap(manifestsIn)
      .filter(({ kind }) => kind !== undefined && kind !== 'Kustomization');
    expect(objects.map(({ kind }) => kind)).toEqual([
      'BackendTrafficPolicy',
      'ClientTrafficPolicy',
      'Ingress',
    ]);
    expect(await faultsOf(objects)).toEqual([]);
  });

  it('makes objects of the rules and alerts that their controller takes', async () => {
    const block = blocksOf('sh').find((each) => each.includes('PrometheusRule'))!;
    const script = block.replace('kubectl apply -f -', 'cat');
    const { stdout } = spawnSync('bash', ['-c', script], { cwd: ROOT, encoding: 'utf8' });
    const objects = manifestsIn(stdout);
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['sluice-rules', 'sluice-alerts']);
    expect(await faultsOf(objects)).toEqual([]);
  });

  it('makes the Secret with all that the configuration reads', () => {
    const made = [
      ...blocksOf('sh')
        .join()
        .matchAll(/> secrets\/([\w-]+)/g),
    ].map(([, name]) => name);
    const read = secretsReadBy(sluiceYamlIn(render('base')).replaceAll(/^ *#.*$/gm, ''));
    expect(new Set(made)).toEqual(new Set(read));
  });

  it('has shell that a shell takes', () => {
    const blocks = blocksOf('sh');
    const said = blocks.map(
      (input) => spawnSync('bash', ['-n'], { input, encoding: 'utf8' }).stderr,
    );
    expect(said).toEqual(blocks.map(() => ''));
  });

  it('has the figures of the files', () => {
    const manifests = render('overlays/production');
    const { spec } = oneOf(manifests, 'Deployment').spec.template;
    const { limits } = sluiceConfigIn(manifests);
    const { target } = oneOf(manifests, 'HorizontalPodAutoscaler').spec.metrics[0]!.pods!;
    for (const figure of [
      `terminationGracePeriodSeconds: ${spec.terminationGracePeriodSeconds}`,
      `\`limits.streams\` is ${limits.streams} here`,
      `the autoscaler's \`${target.averageValue}\``,
      `threshold: '${target.averageValue}'`,
    ]) {
      expect(PAGE).toContain(figure);
    }
  });
});
