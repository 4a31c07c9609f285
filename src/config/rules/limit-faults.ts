import type { ConfigFault } from '../load/config-error.js';
import type { ConfigPath } from '../load/config-path.js';
import { AccessConfig, KeyConfig } from '../schema/access-config.js';
import type { GatewayConfig } from '../schema/gateway-config.js';
import { ModelConfig, TargetConfig } from '../schema/model-config.js';
import { BudgetConfig, UsageLimitsConfig } from '../schema/usage-limits-config.js';
import { itemsOf } from './items.js';
import { matchesAny } from './model-globs.js';

/** What limits need of other sections. The fields may be wrong in themselves. */
export function limitFaults(config: GatewayConfig): ConfigFault[] {
  const limits = allLimits(config);
  return [
    ...limits.flatMap((each) => durabilityFaults(each, config)),
    ...priceFaults(limits.filter(hasBudget), config),
    ...outputFaults(config),
  ];
}

interface LimitsAt {
  readonly path: ConfigPath;
  readonly limits: UsageLimitsConfig;
  /** Whether they hold for requests to a model. */
  readonly reaches: (model: string) => boolean;
  /** They count addresses. */
  readonly isOfAddresses: boolean;
}

function allLimits({ access, models }: GatewayConfig): LimitsAt[] {
  const found: LimitsAt[] = [];
  const add = (
    path: ConfigPath,
    limits: unknown,
    reaches: LimitsAt['reaches'],
    isOfAddresses = false,
  ) => {
    if (limits instanceof UsageLimitsConfig) found.push({ path, limits, reaches, isOfAddresses });
  };
  for (const { path, item } of itemsOf('models', models, ModelConfig)) {
    add(`${path}.limits`, item.limits, (model) => model === item.id);
  }
  if (!(access instanceof AccessConfig)) return found;
  add('access.limits', access.limits, () => true, access.mode === 'open');
  for (const { path, item } of itemsOf('access.keys', access.keys, KeyConfig)) {
    const allowed = Array.isArray(item.models) ? item.models : undefined;
    add(`${path}.limits`, item.limits, (model) => !allowed || matchesAny(allowed, model));
  }
  return found;
}

/** A deploy must not be a new day. */
function durabilityFaults({ path, limits, isOfAddresses }: LimitsAt, config: GatewayConfig) {
  if (config.redis !== undefined) return [];
  const names = durableNames(limits);
  if (config.usage === undefined) {
    const message =
      'would begin anew with every restart: add "redis: { url }", or the ledger ("usage: { url }", or "usage: { file }" for one process)';
    return names.map((name) => ({ path: `${path}.${name}`, message }));
  }
  if (!isOfAddresses) return [];
  const message =
    'counts addresses in mode open, which the ledger does not keep: add "redis: { url }", or give callers keys';
  return names.map((name) => ({ path: `${path}.${name}`, message }));
}

function durableNames({ tokensPerDay, budgetUsd }: UsageLimitsConfig): string[] {
  const names = tokensPerDay === undefined ? [] : ['tokensPerDay'];
  if (!(budgetUsd instanceof BudgetConfig)) return names;
  for (const name of ['perDay', 'perMonth'] as const) {
    if (budgetUsd[name] !== undefined) names.push(`budgetUsd.${name}`);
  }
  return names;
}

function hasBudget({ limits: { budgetUsd } }: LimitsAt): boolean {
  return budgetUsd?.perDay !== undefined || budgetUsd?.perMonth !== undefined;
}

/** Answers of a target without a price would cost a budget nothing. */
function priceFaults(budgets: readonly LimitsAt[], { models }: GatewayConfig): ConfigFault[] {
  return itemsOf('models', models, ModelConfig).flatMap(({ path, item }) => {
    const budget = budgets.find(({ reaches }) => reaches(item.id));
    if (!budget) return [];
    return itemsOf(`${path}.targets`, item.targets, TargetConfig)
      .filter(({ item: { price } }) => price === undefined)
      .map((target) => ({
        path: `${target.path}.price`,
        message: `is missing: ${budget.path}.budgetUsd would not count what this target costs`,
      }));
  });
}

/** What a caller may let a model write is reserved where a request asks for no limit. */
function outputFaults({ access }: GatewayConfig): ConfigFault[] {
  if (!(access instanceof AccessConfig)) return [];
  return itemsOf('access.keys', access.keys, KeyConfig).flatMap(({ path, item }) =>
    (['tokensPerMinute', 'tokensPerDay'] as const).flatMap((name) => {
      const isOwn = item.limits?.[name] !== undefined;
      const limit = isOwn ? item.limits?.[name] : access.limits?.[name];
      if (!(Number(item.maxOutputTokens) >= Number(limit))) return [];
      const limitPath = `${isOwn ? `${path}.limits` : 'access.limits'}.${name}`;
      const message = `has to be less than ${limitPath}: every request that names no limit of its own would be refused`;
      return [{ path: `${path}.maxOutputTokens` as const, message }];
    }),
  );
}
