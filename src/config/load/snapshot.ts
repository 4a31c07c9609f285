import type { EnvironmentSettings } from './environment.js';
import type { GatewayConfig } from '../schema/gateway-config.js';

/** A valid file with what follows from it and what the environment adds to it; frozen, however deep. */
export function snapshotOf(
  file: Readonly<GatewayConfig>,
  { host, port, proxy }: EnvironmentSettings,
): GatewayConfig {
  return deepFreeze({
    ...file,
    server: { ...file.server, host: host ?? file.server.host, port: port ?? file.server.port },
    defaultModel: file.defaultModel ?? file.models[0]!.id,
    proxy,
  });
}

/** The same snapshot, with the sandbox in place of the base URLs that are not given. */
export function withSandbox(
  config: Readonly<GatewayConfig>,
  { openaiUrl, ollamaUrl }: { readonly openaiUrl: string; readonly ollamaUrl: string },
): GatewayConfig {
  const urls = { openai: openaiUrl, ollama: ollamaUrl };
  const backends = config.backends.map((backend) =>
    backend.baseUrl === undefined
      ? { ...backend, baseUrl: urls[backend.kind], sandbox: true as const }
      : backend,
  );
  return deepFreeze({ ...config, backends });
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
