import { deepFreeze } from './deep-freeze.js';
import { BackendConfig } from '../schema/backend-config.js';
import { GatewayConfig } from '../schema/gateway-config.js';

/** The same configuration, with the sandbox in place of the base URLs that are not given. */
export function withSandbox(
  config: GatewayConfig,
  sandbox: { readonly openaiUrl: string; readonly ollamaUrl: string },
): GatewayConfig {
  const urls = { openai: sandbox.openaiUrl, ollama: sandbox.ollamaUrl };
  const backends = config.backends.map((backend) =>
    backend.baseUrl === undefined
      ? Object.assign(new BackendConfig(), backend, {
          baseUrl: urls[backend.kind],
          sandbox: true as const,
        })
      : backend,
  );
  return deepFreeze(Object.assign(new GatewayConfig(), config, { backends }));
}
