import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRoute, ROUTES } from '../../src/http/routes.js';
import { isKubernetesMissing } from './installed.js';
import { render } from './kustomize.js';
import { allOf, oneOf, podOf, selects } from './manifest.js';
import { sluiceConfigIn } from './sluice-config.js';

const METRICS = join(import.meta.dirname, '../../docs/metrics.md');
const isMissing = isKubernetesMissing();

describe.skipIf(isMissing)('deploy/kubernetes/overlays/production', () => {
  const manifests = isMissing ? [] : render('overlays/production');

  it('is of one namespace, and of an image that is named', () => {
    const others = manifests.filter(({ kind }) => kind !== 'Namespace');
    expect(new Set(others.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['sluice']));
    expect(podOf(manifests).containers[0].image).toMatch(/^[\w.]+\/sluice(:\d|@sha256:)/);
  });

  it('lets in all that callers use, and nothing of operators', () => {
    const [rule, ...more] = oneOf(manifests, 'HTTPRoute').spec.rules;
    expect(more).toEqual([]);
    const isLetIn = (path: string) =>
      rule!.matches.some(({ path: { value } }) => path === value || path.startsWith(`${value}/`));
    const ofCallers = ['generation', 'count', 'ticket', 'models'];
    for (const { path, kind } of ROUTES) {
      expect([path, isLetIn(path)]).toEqual([path, ofCallers.includes(kind)]);
      expect([path, isLetIn(path.replace(/^\/v1\b/, ''))]).toEqual([
        path,
        ofCallers.includes(kind),
      ]);
    }
  });

  it('cuts no answer at the gateway, and leads to the Service of callers', () => {
    const [rule] = oneOf(manifests, 'HTTPRoute').spec.rules;
    expect(rule!.timeouts).toEqual({ request: '0s', backendRequest: '0s' });
    const service = allOf(manifests, 'Service').find(({ metadata }) => metadata.name === 'sluice')!;
    expect(rule!.backendRefs).toEqual([{ name: 'sluice', port: service.spec.ports[0]!.port }]);
  });

  it('watches the port for operators, once', () => {
    const { jobLabel, selector, endpoints } = oneOf(manifests, 'ServiceMonitor').spec;
    const watched = allOf(manifests, 'Service').filter(({ metadata }) =>
      selects(selector.matchLabels, metadata.labels),
    );
    expect(watched.map(({ metadata }) => metadata.name)).toEqual(['sluice-admin']);
    // The job that deploy/prometheus and deploy/grafana know it by.
    expect(watched[0]!.metadata.labels?.[jobLabel]).toBe('sluice');
    expect(endpoints.map(({ port }) => port)).toEqual(
      watched[0]!.spec.ports.map(({ name }) => name),
    );
    expect(endpoints.map(({ path }) => findRoute(path)?.kind)).toEqual(['metrics']);
  });

  it('adds pods before the ones there are are full', () => {
    const { metrics } = oneOf(manifests, 'HorizontalPodAutoscaler').spec;
    expect(metrics.map(({ type }) => type)).toEqual(['Pods', 'Resource']);
    const { metric, target } = metrics[0]!.pods!;
    expect(readFileSync(METRICS, 'utf8')).toContain(`| \`${metric.name}\` `);
    const { streams } = sluiceConfigIn(manifests).limits;
    expect(Number(target.averageValue)).toBeLessThanOrEqual(0.8 * streams);
  });
});
