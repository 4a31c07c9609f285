import { configWarnings } from './config-warnings.js';
import { ConfigError } from './config/load/config-error.js';
import { ConfigSource } from './config/load/config-source.js';
import type { BackendConfig } from './config/schema/backend-config.js';
import type { GatewayConfig } from './config/schema/gateway-config.js';
import { type ModelRoute, type RouteTarget, routesOf } from './generation/routing/route-table.js';

/** What is wrong with a configuration, ready for a terminal. */
class CheckError extends Error {
  override readonly name = 'CheckError';
}

const MASKED = '***';

/**
 * What Sluice would make of a configuration, for whoever wrote it. It opens no port and asks nobody.
 * @param file absent: the one that SLUICE_CONFIG names
 * @throws CheckError with every fault, its path and its line
 */
export function checkConfig(file: string | undefined): string {
  try {
    const source = file === undefined ? ConfigSource.inEnvironment() : ConfigSource.of(file);
    return reportOn(source.load(), source.file);
  } catch (error) {
    if (error instanceof ConfigError) throw new CheckError(error.message);
    throw error;
  }
}

function reportOn(config: GatewayConfig, file: string): string {
  const { routes } = routesOf(config);
  const warnings = configWarnings(config);
  return [
    `${file} is sound.`,
    '',
    'Callers',
    ...describeCallers(config).map((line) => `  ${line}`),
    '',
    'Backends',
    ...config.backends.map((backend) => `  ${describeBackend(backend)}`),
    '',
    'Models, with their targets in the order in which they are asked',
    ...routes.flatMap((route) => describeModel(route, config)),
    ...(warnings.length > 0 ? ['', 'Warnings', ...warnings.map((each) => `  ${each}`)] : []),
  ].join('\n');
}

/** Nobody is asked: whether a store, an issuer or a database is there shows at the start. */
function describeCallers({ access, usage, redis }: GatewayConfig): string[] {
  const { mode, keys = [] } = access;
  const now = Date.now();
  const counts = {
    keys: keys.length,
    'for operators': keys.filter(({ admin }) => admin).length,
    'with limits of their own': keys.filter(({ limits }) => limits !== undefined).length,
    disabled: keys.filter(({ disabled }) => disabled).length,
    expired: keys.filter(({ expiresAt }) => expiresAt && Date.parse(expiresAt) <= now).length,
  };
  const said = Object.entries(counts).filter(([name, count]) => count > 0 || name === 'keys');
  return [
    mode === 'open' ? 'open: whoever reaches it' : `mode ${mode}`,
    ...(keys.length > 0 ? [said.map(([name, count]) => `${count} ${name}`).join(', ')] : []),
    `limits are counted ${redis?.url === undefined ? 'in each process' : 'in Redis, which was not asked'}`,
    `usage is kept ${usage ? ledgerOf(usage) : 'nowhere'}`,
  ];
}

function ledgerOf({ url, file }: NonNullable<GatewayConfig['usage']>): string {
  if (url !== undefined) return 'in PostgreSQL, which was not asked';
  return `in ${file}, which was not opened`;
}

/** No value that may be a secret: those of headers and of the query may be keys. */
function describeBackend(backend: BackendConfig): string {
  const { id, kind, baseUrl, apiKey, headers = {}, query = {}, limits } = backend;
  return [
    `${id}: ${kind} at ${baseUrl ?? 'the sandbox'}`,
    apiKey !== undefined && `apiKey ${MASKED}`,
    ...Object.keys(headers).map((name) => `header ${name} ${MASKED}`),
    ...Object.keys(query).map((name) => `query ${name} ${MASKED}`),
    limits && `${limits.streams} streams at once`,
    backend.disabled && 'DISABLED',
  ]
    .filter(Boolean)
    .join(', ');
}

function describeModel(route: ModelRoute, config: GatewayConfig): string[] {
  const { model, disabled, tiers, streams, recovery } = route;
  const { commitAfterMs, heartbeatMs, totalMs } = streams;
  const notes = [
    model === config.defaultModel && 'the default',
    disabled && 'DISABLED',
    `commit after ${time(commitAfterMs)}`,
    `heartbeat ${time(heartbeatMs)}`,
    `total ${time(totalMs)}`,
    recovery.mode !== 'never' && `recovery ${recovery.mode}`,
  ].filter(Boolean);
  const last = tiers.at(-1)?.at(-1);
  return [
    `  ${model} (${notes.join(', ')})`,
    ...tiers.flatMap((tier, index) =>
      tier.map((target) => `    ${index + 1}. ${describeTarget(target, target === last, tier)}`),
    ),
    ...disabledTargets(model, config).map((name) => `    -  ${name}: DISABLED`),
  ];
}

function disabledTargets(model: string, { models, backends }: GatewayConfig): string[] {
  const targets = models.find(({ id }) => id === model)?.targets ?? [];
  const isOff = (id: string) => backends.some((each) => each.id === id && each.disabled);
  return targets
    .filter(({ backend, disabled }) => disabled || isOff(backend))
    .map(({ backend, model: name }) => `${backend}/${name}`);
}

function describeTarget(
  { backend, model, deadlines, retry, weight, price }: RouteTarget,
  isLast: boolean,
  tier: readonly RouteTarget[],
): string {
  const { firstTokenMs, lastFirstTokenMs, idleMs, answerMs } = deadlines;
  return [
    `${backend}/${model}: first token ${time(isLast ? lastFirstTokenMs : firstTokenMs)}`,
    `idle ${time(idleMs)}`,
    `whole answer ${time(answerMs)}`,
    retry.limit > 0 && `asked again ${retry.limit}×`,
    tier.length > 1 && `weight ${weight}`,
    price && 'with a price',
  ]
    .filter(Boolean)
    .join(', ');
}

function time(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
