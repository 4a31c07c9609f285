import { isAskable, isPattern } from '../model-pattern.js';
import type { ConfigFault } from '../load/config-error.js';
import type { ConfigPath } from '../load/config-path.js';
import type { Expansion } from '../load/expand.js';
import { BackendConfig } from '../schema/backend-config.js';
import type { GatewayConfig } from '../schema/gateway-config.js';
import { UsageConfig } from '../schema/usage-config.js';
import { ModelConfig, TargetConfig } from '../schema/model-config.js';
import { type At, itemsOf } from './items.js';
import { isSandboxInstalled } from './sandbox-package.js';

/**
 * What no field can say alone. The fields may be wrong in themselves: one start of Sluice tells
 * everything that is to be mended.
 * @param expanded scalars that may hold a secret, so they are not quoted
 */
export function referenceFaults(
  config: GatewayConfig,
  expanded: Expansion['expanded'],
): ConfigFault[] {
  const backends = itemsOf('backends', config.backends, BackendConfig);
  const models = itemsOf('models', config.models, ModelConfig);
  return [
    ...duplicateFaults(backends),
    ...backends.flatMap((backend) => backendFaults(backend, config)),
    ...duplicateFaults(models),
    ...models.flatMap(({ path, item }) =>
      itemsOf(`${path}.targets`, item.targets, TargetConfig).flatMap((target) => [
        ...patternFaults(target, item),
        ...targetFaults(target, backends, expanded),
      ]),
    ),
    ...defaultModelFaults(config, models, expanded),
    ...usageFaults(config),
  ];
}

function duplicateFaults(items: readonly At<{ readonly id: string }>[]): ConfigFault[] {
  const first = new Map<string, ConfigPath>();
  return items.flatMap(({ path, item: { id } }) => {
    const taken = first.get(id);
    if (taken === undefined) first.set(id, path);
    // A missing id has a fault of its own.
    if (taken === undefined || id === undefined) return [];
    return [{ path: `${path}.id`, message: `is the id of ${taken} already` }];
  });
}

function backendFaults({ path, item }: At<BackendConfig>, config: GatewayConfig): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (item.baseUrl === undefined && !isSandboxInstalled()) {
    const message =
      'is missing: write its URL; the sandbox, which answers without one, is not installed: build the image with "--target sandbox", or run "npm ci" without "--omit=optional"';
    faults.push({ path: `${path}.baseUrl`, message });
  } else if (item.baseUrl === undefined && config.sandbox === undefined) {
    const message =
      'is missing: write its URL, or add "sandbox: {}" to the file to try without one';
    faults.push({ path: `${path}.baseUrl`, message });
  }
  if (item.streamUsage !== undefined && item.kind !== 'openai') {
    const message = 'is only for backends of the kind openai';
    faults.push({ path: `${path}.streamUsage`, message });
  }
  if (item.responses !== undefined && item.kind !== 'openai') {
    const message = 'is only for backends of the kind openai';
    faults.push({ path: `${path}.responses`, message });
  }
  if (item.anthropicVersion !== undefined && item.kind !== 'anthropic') {
    const message = 'is only for backends of the kind anthropic';
    faults.push({ path: `${path}.anthropicVersion`, message });
  }
  return faults;
}

function targetFaults(
  { path, item: { backend, developerRole, maxTokens } }: At<TargetConfig>,
  backends: readonly At<BackendConfig>[],
  expanded: Expansion['expanded'],
): ConfigFault[] {
  if (backend === undefined) return [];
  const at = backends.find(({ item }) => item.id === backend);
  if (at && developerRole !== undefined && at.item.kind !== 'openai') {
    const message = 'is only for backends of the kind openai; others are always sent "system"';
    return [{ path: `${path}.developerRole`, message }];
  }
  if (at && maxTokens !== undefined && at.item.kind !== 'anthropic') {
    const message =
      'is only for backends of the kind anthropic; others need no limit, or get one by "set"';
    return [{ path: `${path}.maxTokens`, message }];
  }
  if (at) return [];
  const isQuotable = !expanded.has(path) && !expanded.has(`${path}.backend`);
  return [{ path, message: `no backend has the id ${quoted(backend, isQuotable)}` }];
}

function patternFaults(
  { path, item: { model } }: At<TargetConfig>,
  { id }: ModelConfig,
): ConfigFault[] {
  if (typeof model !== 'string' || typeof id !== 'string') return [];
  if (!isPattern(model) || isPattern(id)) return [];
  const message =
    'ends in "*", which stands for the rest of a name: the id of its model has to, too';
  return [{ path, message }];
}

function defaultModelFaults(
  { defaultModel }: GatewayConfig,
  models: readonly At<ModelConfig>[],
  expanded: Expansion['expanded'],
): ConfigFault[] {
  const ids = models.map(({ item }) => item.id).filter((id) => typeof id === 'string');
  if (defaultModel === undefined) {
    if (ids.length === 0 || !ids.every(isPattern)) return [];
    const message = 'is missing: every model here stands for many, so say which one is meant';
    return [{ path: 'defaultModel', message }];
  }
  if (typeof defaultModel !== 'string') return [];
  if (isAskable(ids, defaultModel)) return [];
  const id = quoted(defaultModel, !expanded.has('defaultModel'));
  return [{ path: 'defaultModel', message: `no model has the id ${id}, or stands for it` }];
}

function usageFaults({ usage }: GatewayConfig): ConfigFault[] {
  if (!(usage instanceof UsageConfig)) return [];
  const { url, file } = usage;
  if (url !== undefined && file !== undefined) {
    const message = 'is one store too many: keep "url" for PostgreSQL or "file" for SQLite';
    return [{ path: 'usage', message }];
  }
  if (url !== undefined || file !== undefined) return [];
  const message = 'has no store: write "url" (PostgreSQL) or "file" (SQLite, for one process)';
  return [{ path: 'usage', message }];
}

function quoted(value: unknown, isQuotable: boolean): string {
  return isQuotable ? JSON.stringify(value) : 'that its ${…} stands for';
}
