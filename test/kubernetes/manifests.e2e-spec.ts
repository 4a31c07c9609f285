import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRoute } from '../../src/http/routes.js';
import { isKubernetesMissing } from './installed.js';
import { manifestsIn, render } from './kustomize.js';
import { allOf, type Manifest, oneOf, podOf, selects } from './manifest.js';
import { secretsReadBy, sluiceConfigIn, sluiceYamlIn } from './sluice-config.js';

const ROOT = join(import.meta.dirname, '../..');
const isMissing = isKubernetesMissing();

describe.skipIf(isMissing).each(['base', 'overlays/production'])(
  'deploy/kubernetes/%s',
  (folder) => {
    const manifests = isMissing ? [] : render(folder);
    const config = isMissing ? undefined! : sluiceConfigIn(manifests);

    it('leaves a pod the time that its own drain takes', () => {
      const { delayMs, forMs } = config.drain;
      const pod = podOf(manifests);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
        (delayMs + forMs) / 1000 + 10,
      );
      expect(pod.containers[0].lifecycle).toBeUndefined();
    });

    it('takes no pod away before its successor serves', () => {
      const { rollingUpdate } = oneOf(manifests, 'Deployment').spec.strategy;
      expect(rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    });

    it('probes paths that there are, on ports that there are', () => {
      const { startupProbe, readinessProbe, livenessProbe, ports } = podOf(manifests).containers[0];
      const probes = [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet);
      expect(probes.map(({ path }) => findRoute(path)?.kind)).toEqual(['probe', 'probe', 'probe']);
      const names = ports.map(({ name }) => name);
      for (const { port } of probes) expect(names).toContain(port);
      expect([readinessProbe.httpGet.path, livenessProbe.httpGet.path]).toEqual([
        '/readyz',
        '/livez',
      ]);
    });

    it('has the ports of the configuration', () => {
      const { port, adminPort, adminHost } = config.server;
      expect(podOf(manifests).containers[0].ports).toEqual([
        { name: 'http', containerPort: port },
        { name: 'admin', containerPort: adminPort },
      ]);
      // Prometheus is on another machine.
      expect(adminHost).toBe('0.0.0.0');
    });

    it('selects its pods wherever it selects pods', () => {
      const { labels, topologySpreadConstraints } = podOf(manifests);
      const selectors = [
        oneOf(manifests, 'Deployment').spec.selector.matchLabels,
        oneOf(manifests, 'PodDisruptionBudget').spec.selector.matchLabels,
        oneOf(manifests, 'NetworkPolicy').spec.podSelector.matchLabels,
        ...topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
        ...allOf(manifests, 'Service').map(({ spec }) => spec.selector),
      ];
      expect(selectors).toHaveLength(7);
      for (const selector of selectors) expect(selects(selector, labels)).toBe(true);
      const { kind, name } = oneOf(manifests, 'HorizontalPodAutoscaler').spec.scaleTargetRef;
      expect({ kind, name }).toEqual({ kind: 'Deployment', name: 'sluice' });
    });

    it('gives callers and operators a Service each', () => {
      const ports = allOf(manifests, 'Service').map(({ metadata, spec }) => [
        metadata.name,
        spec.ports.map(({ targetPort }) => targetPort),
      ]);
      expect(Object.fromEntries(ports)).toEqual({ sluice: ['http'], 'sluice-admin': ['admin'] });
    });

    it('lets callers to the one port, and Prometheus to the other', () => {
      const { ingress } = oneOf(manifests, 'NetworkPolicy').spec;
      const { port, adminPort } = config.server;
      expect(ingress.map((rule) => rule.ports.map((each) => each.port))).toEqual([
        [port],
        [adminPort],
      ]);
      for (const { from } of ingress) expect(from.length).toBeGreaterThan(0);
    });

    it('lets it out to names and to HTTPS, and to no private address', () => {
      const [names, https, ...others] = oneOf(manifests, 'NetworkPolicy').spec.egress;
      expect(others).toEqual([]);
      expect(names!.ports.map(({ port, protocol }) => `${port}/${protocol}`)).toEqual([
        '53/UDP',
        '53/TCP',
      ]);
      expect(https!.ports).toEqual([{ port: 443, protocol: 'TCP' }]);
      expect(https!.to.flatMap(({ ipBlock }) => ipBlock?.except)).toEqual(
        expect.arrayContaining([
          '10.0.0.0/8',
          '100.64.0.0/10',
          '169.254.0.0/16',
          '172.16.0.0/12',
          '192.168.0.0/16',
          'fc00::/7',
        ]),
      );
    });

    it('lets nodes be drained while it serves', () => {
      const { minReplicas } = oneOf(manifests, 'HorizontalPodAutoscaler').spec;
      const { maxUnavailable } = oneOf(manifests, 'PodDisruptionBudget').spec;
      expect(maxUnavailable).toBeGreaterThanOrEqual(1);
      expect(minReplicas - maxUnavailable).toBeGreaterThanOrEqual(1);
    });

    it('has one who says how many pods there are, and takes them away slowly', () => {
      const { spec } = oneOf(manifests, 'HorizontalPodAutoscaler');
      expect(oneOf(manifests, 'Deployment').spec.replicas).toBeUndefined();
      expect(spec.behavior.scaleDown).toEqual({
        stabilizationWindowSeconds: 600,
        policies: [{ type: 'Pods', value: 1, periodSeconds: 120 }],
      });
    });

    it('gives a pod no right that it does not need', () => {
      const pod = podOf(manifests);
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(pod.volumes.find(({ secret }) => secret)?.secret?.defaultMode).toBe(0o440);
    });

    it('gives it what docs/performance.md says, and tells V8', () => {
      const { resources, env } = podOf(manifests).containers[0];
      expect(resources).toEqual({
        requests: { cpu: '1', memory: '768Mi' },
        limits: { memory: '768Mi' },
      });
      expect(env).toContainEqual({ name: 'NODE_OPTIONS', value: '--max-old-space-size=256' });
      const said = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');
      expect(said).toMatch(/\*\*Request\*\* 1 CPU and 768 MiB/);
      expect(said).toContain('NODE_OPTIONS=--max-old-space-size=256');
    });

    it('trusts what a gateway says of callers, wherever the cluster has its pods', () => {
      expect(config.server.trustedProxies).toEqual(
        expect.arrayContaining(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']),
      );
    });

    it('has no secret in it, and an example of all that it reads', () => {
      expect(manifests.map(({ kind }) => kind)).not.toContain('Secret');
      const text = readFileSync(join(ROOT, 'deploy/kubernetes/base/secret.example.yaml'), 'utf8');
      const [example] = manifestsIn(text.replaceAll(/^ {2}# (\S+): /gm, '  $1: '));
      const { stringData } = example as Manifest & { stringData: Record<string, string> };
      const names = secretsReadBy(sluiceYamlIn(manifests));
      expect(new Set(names)).toEqual(new Set(Object.keys(stringData)));
      expect(podOf(manifests).volumes.find(({ secret }) => secret)?.secret?.secretName).toBe(
        example!.metadata.name,
      );
    });
  },
);
