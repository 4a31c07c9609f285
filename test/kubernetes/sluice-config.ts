import { parse } from 'yaml';
import { type Manifest, oneOf } from './manifest.js';

/** As much of the ConfigMap's own configuration as manifests have to agree with. */
interface SluiceConfig {
  readonly server: {
    readonly port: number;
    readonly adminPort: number;
    readonly adminHost: string;
    readonly trustedProxies: readonly string[];
  };
  readonly limits: { readonly streams: number };
  readonly drain: { readonly delayMs: number; readonly forMs: number };
}

export function sluiceYamlIn(manifests: readonly Manifest[]): string {
  const text = oneOf(manifests, 'ConfigMap').data?.['sluice.yaml'];
  if (text === undefined) throw new Error('The ConfigMap has no sluice.yaml.');
  return text;
}

export function sluiceConfigIn(manifests: readonly Manifest[]): SluiceConfig {
  return parse(sluiceYamlIn(manifests)) as SluiceConfig;
}

/** Names of files of the Secret that a configuration reads. */
export function secretsReadBy(sluiceYaml: string): string[] {
  return [...sluiceYaml.matchAll(/\$\{file:\/run\/secrets\/sluice\/([\w-]+)\}/g)].map(
    ([, name]) => name!,
  );
}
