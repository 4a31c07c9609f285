import { isAskable } from '../model-pattern.js';
import type { ConfigFault } from '../load/config-error.js';
import { AccessConfig, KeyConfig } from '../schema/access-config.js';
import type { GatewayConfig } from '../schema/gateway-config.js';
import { isLoopback } from './loopback.js';
import { matchesAny } from './model-globs.js';
import { hostCheck } from './value-rules.js';

/**
 * What no field of `access` can say alone.
 * @param host where Sluice will listen, whoever says so
 */
export function accessFaults(config: GatewayConfig, host: unknown): ConfigFault[] {
  const { access } = config;
  if (!(access instanceof AccessConfig)) return [];
  const keys = Array.isArray(access.keys)
    ? access.keys.flatMap((key: unknown, index) =>
        key instanceof KeyConfig ? [{ key, path: `access.keys[${index}]` }] : [],
      )
    : [];
  return [
    ...modeFaults(access, host),
    ...sharedFaults(keys),
    ...keys.flatMap((each) => defaultModelFaults(each, config)),
  ];
}

/** Where `server.adminHost` is when nobody says. */
const LOOPBACK = '127.0.0.1';

/** @param port where callers are served, whoever says so */
export function adminPortFaults({ server }: GatewayConfig, port: unknown): ConfigFault[] {
  const adminPort: unknown = server?.adminPort;
  if (adminPort === undefined && (server?.adminHost ?? LOOPBACK) !== LOOPBACK) {
    return [{ path: 'server.adminHost', message: 'is not read without server.adminPort' }];
  }
  if (adminPort === undefined || adminPort === 0 || adminPort !== port) return [];
  return [{ path: 'server.adminPort', message: 'must be another port than server.port' }];
}

interface KeyAt {
  readonly path: string;
  readonly key: KeyConfig;
}

function modeFaults({ mode, allowOpen, keys, jwt }: AccessConfig, host: unknown): ConfigFault[] {
  if (mode === 'keys' && keys === undefined) {
    const message = 'is missing: "npm run key -- --id NAME" makes a key and prints its entry';
    return [{ path: 'access.keys', message }];
  }
  if (mode === 'jwt' && jwt === undefined) {
    const message = 'is missing: it has jwksUrl, issuer and audience of whoever signs the tokens';
    return [{ path: 'access.jwt', message }];
  }
  const faults: ConfigFault[] = [];
  if (mode !== 'jwt' && jwt !== undefined) {
    faults.push({ path: 'access.jwt', message: `is not read with access.mode: ${mode}` });
  }
  if (mode !== 'open' && allowOpen) {
    const message = `is not read with access.mode: ${mode}, which lets in who has a key or a token`;
    faults.push({ path: 'access.allowOpen', message });
  }
  if (mode === 'open' && !allowOpen && !isOnlyLocal(host)) {
    const message =
      'lets everybody in, also from other machines: give callers keys ("mode: keys" and "keys", which "npm run key -- --id NAME" makes), or write "allowOpen: true" if that is what you want';
    faults.push({ path: 'access', message });
  }
  return faults;
}

/** A host that is wrong has a fault of its own. */
function isOnlyLocal(host: unknown): boolean {
  return typeof host !== 'string' || hostCheck(host) !== undefined || isLoopback(host);
}

/** One id for two callers would mix their bills, one secret for two would be either's. */
function sharedFaults(keys: readonly KeyAt[]): ConfigFault[] {
  const taken = new Map<string, string>();
  return keys.flatMap(({ path, key: { id, hashes } }) => {
    const own = Array.isArray(hashes)
      ? hashes.map((hash, at) => [hash, `${path}.hashes[${at}]`])
      : [];
    return [[id, `${path}.id`], ...own].flatMap(([value = '', at = '']) => {
      const first = taken.get(value);
      if (first === undefined) taken.set(value, at);
      if (first === undefined || value === '') return [];
      return [{ path: at, message: `is the same as ${first}` }];
    });
  });
}

function defaultModelFaults({ path, key }: KeyAt, { models }: GatewayConfig): ConfigFault[] {
  const { defaultModel, models: allowed } = key;
  if (defaultModel === undefined || !Array.isArray(models)) return [];
  const at = `${path}.defaultModel`;
  const ids = models.map((model) => model?.id).filter((id) => typeof id === 'string');
  if (!isAskable(ids, defaultModel)) {
    return [{ path: at, message: 'must be the id of a model' }];
  }
  if (!Array.isArray(allowed) || matchesAny(allowed, defaultModel)) return [];
  return [{ path: at, message: 'must be one of its own models' }];
}
