import { plainToInstance } from 'class-transformer';
import { isJsonObject } from '../../contract/json.js';
import { coerceExpanded } from './coerce.js';
import { ConfigError, type ConfigFault } from './config-error.js';
import { configFileIn, readConfigFile } from './config-file.js';
import { settingsIn, withDotEnv } from './environment.js';
import { expand } from './expand.js';
import { snapshotOf } from './snapshot.js';
import { GatewayConfig } from '../schema/gateway-config.js';
import { accessFaults } from '../rules/access-faults.js';
import { referenceFaults } from '../rules/references.js';
import { fieldFaults } from '../rules/validate.js';

/**
 * Reads `.env` (if the working directory has one; `env` wins) and the YAML file that SLUICE_CONFIG
 * names, and lets PORT and HOST override `server`.
 * @param fallbackFile the file to read when SLUICE_CONFIG is not set
 * @throws ConfigError that lists every fault
 */
export function loadConfig(
  fallbackFile?: string,
  env: NodeJS.ProcessEnv = process.env,
): GatewayConfig {
  const allEnv = withDotEnv(env);
  const file = configFileIn(allEnv, fallbackFile);
  return parseConfig(readConfigFile(file), allEnv, file);
}

/**
 * The same from what a file was parsed to.
 * @param file its name, for the messages
 * @throws ConfigError that lists every fault
 */
export function parseConfig(
  source: unknown,
  env: NodeJS.ProcessEnv = {},
  file?: string,
): GatewayConfig {
  const { value, expanded, faults: expansionFaults } = expand(source, env);
  if (!isJsonObject(value)) {
    const message = 'must be a mapping with "backends" and "models"';
    throw new ConfigError([{ path: file ?? 'configuration', message }], file);
  }
  const config = plainToInstance(GatewayConfig, value);
  coerceExpanded(config, expanded);
  const settings = settingsIn(env);
  const host = settings.host ?? config.server?.host;
  const found = [
    ...fieldFaults(config),
    ...referenceFaults(config, expanded),
    ...accessFaults(config, host),
  ];
  const faults = [...expansionFaults, ...withoutEchoes(found, expansionFaults), ...settings.faults];
  if (faults.length > 0) throw new ConfigError(faults.toSorted(byPath), file);
  return snapshotOf(config, settings);
}

/** A scalar that could not be expanded is wrong in other ways, too: one fault tells. */
function withoutEchoes(
  faults: readonly ConfigFault[],
  expansionFaults: readonly ConfigFault[],
): ConfigFault[] {
  const told = new Set(expansionFaults.map(({ path }) => path));
  return faults.filter(({ path }) => !told.has(path));
}

/** What is wrong with one backend or model stands together. */
function byPath(one: ConfigFault, other: ConfigFault): number {
  return one.path.localeCompare(other.path, 'en', { numeric: true });
}
