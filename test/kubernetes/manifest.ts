/** As much of an object of Kubernetes as the tests look at. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly labels?: Labels | undefined;
  };
  readonly data?: Readonly<Record<string, string>> | undefined;
  readonly spec?: unknown;
}

export type Labels = Readonly<Record<string, string>>;

export interface Selector {
  readonly matchLabels: Labels;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly lifecycle?: unknown;
  readonly resources: {
    readonly requests: { readonly cpu: string; readonly memory: string };
    readonly limits: { readonly cpu?: string | undefined; readonly memory: string };
  };
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: unknown;
  readonly containers: readonly [Container];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string } | undefined;
    readonly secret?: { readonly secretName: string; readonly defaultMode: number } | undefined;
  }[];
  readonly topologySpreadConstraints: readonly { readonly labelSelector: Selector }[];
}

interface PolicyPort {
  readonly port: number;
  readonly protocol: string;
}

/** The fields that a spec has here, by the kind of its object. */
export interface Specs {
  ConfigMap: undefined;
  Deployment: {
    readonly replicas?: number | undefined;
    readonly selector: Selector;
    readonly strategy: { readonly rollingUpdate: unknown };
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  };
  Service: {
    readonly selector: Labels;
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly targetPort: string;
    }[];
  };
  PodDisruptionBudget: { readonly maxUnavailable: number; readonly selector: Selector };
  HorizontalPodAutoscaler: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly minReplicas: number;
    readonly metrics: readonly {
      readonly type: string;
      readonly pods?:
        | {
            readonly metric: { readonly name: string };
            readonly target: { readonly averageValue: string };
          }
        | undefined;
    }[];
    readonly behavior: { readonly scaleDown: unknown };
  };
  NetworkPolicy: {
    readonly podSelector: Selector;
    readonly ingress: readonly {
      readonly from: readonly unknown[];
      readonly ports: readonly PolicyPort[];
    }[];
    readonly egress: readonly {
      readonly to: readonly { readonly ipBlock?: { readonly except: readonly string[] } }[];
      readonly ports: readonly PolicyPort[];
    }[];
  };
  HTTPRoute: {
    readonly rules: readonly {
      readonly matches: readonly {
        readonly path: { readonly type: string; readonly value: string };
      }[];
      readonly backendRefs: readonly { readonly name: string; readonly port: number }[];
      readonly timeouts: unknown;
    }[];
  };
  ServiceMonitor: {
    readonly jobLabel: string;
    readonly selector: Selector;
    readonly endpoints: readonly { readonly port: string; readonly path: string }[];
  };
}

export function allOf<K extends keyof Specs>(
  manifests: readonly Manifest[],
  kind: K,
): (Manifest & { readonly spec: Specs[K] })[] {
  return manifests.filter((each) => each.kind === kind) as (Manifest & { spec: Specs[K] })[];
}

/** @throws unless there is exactly one */
export function oneOf<K extends keyof Specs>(
  manifests: readonly Manifest[],
  kind: K,
): Manifest & { readonly spec: Specs[K] } {
  const [found, ...others] = allOf(manifests, kind);
  if (found === undefined || others.length > 0) throw new Error(`There is not one ${kind}.`);
  return found;
}

export function podOf(manifests: readonly Manifest[]) {
  const { template } = oneOf(manifests, 'Deployment').spec;
  return { labels: template.metadata.labels, ...template.spec };
}

export function selects(wanted: Labels, labels: Labels | undefined): boolean {
  const entries = Object.entries(wanted);
  return entries.length > 0 && entries.every(([name, value]) => labels?.[name] === value);
}
