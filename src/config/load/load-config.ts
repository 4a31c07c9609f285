import { hash } from 'node:crypto';
import { plainToInstance } from 'class-transformer';
import { isJsonObject } from '../../contract/json.js';
import { readCaFiles } from './ca-files.js';
import { coerceExpanded } from './coerce.js';
import { ConfigError, type ConfigFault } from './config-error.js';
import type { ConfigPath } from './config-path.js';
import { settingsIn } from './environment.js';
import { expand } from './expand.js';
import { FilesRead } from './files-read.js';
import { snapshotOf } from './snapshot.js';
import { GatewayConfig } from '../schema/gateway-config.js';
import { accessFaults, adminPortFaults } from '../rules/access-faults.js';
import { limitFaults } from '../rules/limit-faults.js';
import { referenceFaults } from '../rules/references.js';
import { fieldFaults } from '../rules/validate.js';

/** The file that a configuration was read from. */
interface ConfigOrigin {
  readonly file?: string;
  /** Of its content. Absent: of the source, as JSON. */
  readonly sha256?: string;
  readonly lineOf?: (path: ConfigPath) => number | undefined;
  /** Notes which other files are read. */
  readonly files?: FilesRead;
}

/**
 * Expands, checks and freezes what a file was parsed to.
 * @throws ConfigError that lists every fault
 */
export function parseConfig(
  source: unknown,
  env: NodeJS.ProcessEnv = {},
  { file, sha256, lineOf, files = new FilesRead() }: ConfigOrigin = {},
): GatewayConfig {
  const { value, expanded, faults: expansionFaults } = expand(source, env, files);
  if (!isJsonObject(value)) {
    const message = 'must be a mapping with "backends" and "models"';
    throw new ConfigError([{ path: file ?? 'configuration', message }], file);
  }
  const config = plainToInstance(GatewayConfig, value);
  coerceExpanded(config, expanded);
  const settings = settingsIn(env);
  const host = settings.host ?? config.server?.host;
  const port = settings.port ?? config.server?.port;
  const ca = readCaFiles(config, files);
  const found = [
    ...fieldFaults(config),
    ...referenceFaults(config, expanded),
    ...accessFaults(config, host),
    ...adminPortFaults(config, port),
    ...limitFaults(config),
    ...ca.faults,
  ];
  const inFile = [...expansionFaults, ...withoutEchoes(found, expansionFaults)];
  const faults = [...inFile.map((fault) => at(fault, lineOf)), ...settings.faults];
  if (faults.length > 0) throw new ConfigError(faults.toSorted(byPath), file);
  return snapshotOf(config, {
    settings,
    caFiles: ca.contents,
    sha256: sha256 ?? hash('sha256', JSON.stringify(source)),
  });
}

function at(fault: ConfigFault, lineOf?: ConfigOrigin['lineOf']): ConfigFault {
  return { ...fault, line: lineOf?.(fault.path) };
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
