import { join } from 'node:path';
import ts from 'typescript';
import type { Manifest } from './manifest.js';

/** Who has the schemas and the types of a group; all others are Kubernetes' own. */
const PACKAGES: Readonly<Record<string, string>> = {
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'gateway.envoyproxy.io': '@kubernetes-models/envoy-gateway',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};

type Model = new (manifest: Manifest) => { validate(): void };

/** What is wrong with objects: by their schemas, and fields that nothing reads. */
export async function faultsOf(manifests: readonly Manifest[]): Promise<string[]> {
  const bySchema = await Promise.all(manifests.map(schemaFault));
  return [...bySchema.filter((fault) => fault !== undefined), ...typeFaults(manifests)];
}

async function schemaFault(manifest: Manifest): Promise<string | undefined> {
  const module = (await import(/* @vite-ignore */ moduleOf(manifest))) as Record<string, Model>;
  const SchemaModel = module[manifest.kind];
  if (SchemaModel === undefined) return `${manifest.kind}: no such kind`;
  try {
    new SchemaModel(manifest).validate();
    return undefined;
  } catch (error) {
    return `${manifest.kind} ${manifest.metadata.name}: ${String(error)}`;
  }
}

function moduleOf({ apiVersion, kind }: Manifest): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
  return `${PACKAGES[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
}

/**
 * The published schemas allow any further field, as the API server does, which drops what it does
 * not know: a misspelled one would be in nobody's way, and do nothing. TypeScript refuses them in
 * literals.
 */
function typeFaults(manifests: readonly Manifest[]): string[] {
  const file = join(import.meta.dirname, 'manifests.ts');
  const text = manifests
    .flatMap((each, index) => [
      `import type { I${each.kind} as Type${index} } from '${moduleOf(each)}';`,
      `export const value${index}: Type${index} = ${JSON.stringify(each)};`,
    ])
    .join('\n');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  host.fileExists = (path) => path === file || ts.sys.fileExists(path);
  host.readFile = (path) => (path === file ? text : ts.sys.readFile(path));
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
