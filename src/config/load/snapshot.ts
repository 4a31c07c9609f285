import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../../contract/json.js';
import { isPattern } from '../model-pattern.js';
import { childPath } from './config-path.js';
import type { EnvironmentSettings } from './environment.js';
import type { GatewayConfig } from '../schema/gateway-config.js';

/** What a snapshot has that is not in its file. */
interface Completion {
  readonly settings: EnvironmentSettings;
  /** What is in the `caFile`s, by their paths. */
  readonly caFiles: ReadonlyMap<string, string>;
  readonly sha256: string;
}

/** A valid file with what follows from it and what the environment adds to it; frozen, however deep. */
export function snapshotOf(
  file: Readonly<GatewayConfig>,
  { settings: { host, port, logLevel, proxy, tracing }, caFiles, sha256 }: Completion,
): GatewayConfig {
  return deepFreeze({
    ...file,
    server: { ...file.server, host: host ?? file.server.host, port: port ?? file.server.port },
    log: { level: logLevel ?? file.log.level, format: file.log.format },
    backends: file.backends.map((backend) =>
      backend.caFile === undefined ? backend : { ...backend, ca: caFiles.get(backend.caFile)! },
    ),
    defaultModel: file.defaultModel ?? defaultModelOf(file.models)!,
    proxy,
    ...(tracing && { tracing }),
    sha256,
  });
}

/** The first model that has a name of its own. */
export function defaultModelOf(models: GatewayConfig['models']): string | undefined {
  return models.find(({ id }) => !isPattern(id))?.id;
}

/** The same snapshot, with the sandbox in place of the base URLs that are not given. */
export function withSandbox(
  config: Readonly<GatewayConfig>,
  { openaiUrl, ollamaUrl }: { readonly openaiUrl: string; readonly ollamaUrl: string },
): GatewayConfig {
  const urls = { openai: openaiUrl, ollama: ollamaUrl, anthropic: openaiUrl };
  const backends = config.backends.map((backend) =>
    backend.baseUrl === undefined
      ? { ...backend, baseUrl: urls[backend.kind], sandbox: true as const }
      : backend,
  );
  return deepFreeze({ ...config, backends });
}

/** `config` with some sections as they are in another snapshot. */
export function withSectionsOf(
  other: GatewayConfig,
  sections: readonly (keyof GatewayConfig)[],
  config: Readonly<GatewayConfig>,
): GatewayConfig {
  if (sections.length === 0) return config;
  const kept = Object.fromEntries(sections.map((section) => [section, other[section]]));
  return deepFreeze({ ...config, ...kept });
}

/** The keys whose values differ, down to a depth: never the values, which may be secret. */
export function changedPaths(before: object, after: object, depth = 1, parent = ''): string[] {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  const keys = [...new Set([...was.keys(), ...is.keys()])].filter(
    (key) => key !== 'sha256' && !isDeepStrictEqual(was.get(key), is.get(key)),
  );
  return keys.flatMap((key) => {
    const [one, other] = [was.get(key), is.get(key)];
    const path = childPath(parent, key);
    if (depth < 2 || !isJsonObject(one) || !isJsonObject(other)) return [path];
    return changedPaths(one, other, depth - 1, path);
  });
}

function fieldsOf(node: object): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(Object.entries(node));
}

/**
 * Freezes `node` with everything in it. Fields that are not in the file go: classes make them
 * `undefined`, and `{ ...config.streams, ...model.streams }` would take that for a value.
 */
function deepFreeze<T extends object>(node: T): T {
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    if (value === undefined) Reflect.deleteProperty(node, key);
    else if (typeof value === 'object' && value !== null) deepFreeze(value);
  }
  return Object.freeze(node);
}
