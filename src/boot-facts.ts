import { isLoopback } from './config/rules/loopback.js';
import type { GatewayConfig } from './config/schema/gateway-config.js';
import { configWarnings } from './config-warnings.js';
import { isOpenToAll } from './http/access/authenticate.js';
import { SLUICE_VERSION } from './telemetry/version.js';

/** More of them are a list for GET /v1/models. */
const MAX_MODELS = 8;

/** What holds besides the configuration. */
interface Listening {
  /** The file that the configuration was read from. */
  readonly file: string;
  readonly port: number;
  /** Of the port for operators, where there is one. */
  readonly adminPort: number | undefined;
}

/** Who may open a page of operators. */
export type Opens = 'everybody' | 'this machine' | 'admin key' | 'nobody';

/** What whoever started Sluice needs to know, in the order in which they do. */
export interface BootFacts {
  readonly url: string;
  /** The interface, as configured. */
  readonly host: string;
  readonly version: string;
  readonly config: string;
  readonly sha256: string;
  /** The first of them. */
  readonly models: readonly string[];
  /** How many there are besides. */
  readonly moreModels: number;
  readonly access: GatewayConfig['access']['mode'];
  /** Keys that are configured. */
  readonly keys: number;
  readonly admin: string;
  readonly adminFor: Opens;
  readonly metrics: string;
  readonly metricsFor: Opens;
  readonly docs: string;
  /** No model is asked. */
  readonly sandbox: boolean;
  readonly warnings: readonly string[];
}

export function bootFacts(config: GatewayConfig, { file, port, adminPort }: Listening): BootFacts {
  const { server, access } = config;
  const url = urlOf(server.host, port);
  const forOperators = adminPort === undefined ? url : urlOf(server.adminHost, adminPort);
  const models = config.models.filter(({ disabled }) => !disabled).map(({ id }) => id);
  return {
    url,
    host: server.host,
    version: SLUICE_VERSION,
    config: file,
    sha256: config.sha256,
    models: models.slice(0, MAX_MODELS),
    moreModels: Math.max(0, models.length - MAX_MODELS),
    access: access.mode,
    keys: access.keys?.length ?? 0,
    admin: `${forOperators}/admin`,
    adminFor: adminFor(config),
    metrics: `${forOperators}/metrics`,
    metricsFor:
      adminPort !== undefined || access.mode === 'open' ? 'everybody' : withAdminKey(config),
    docs: `${url}/docs`,
    sandbox: config.backends.some(({ sandbox }) => sandbox),
    warnings: configWarnings(config),
  };
}

/** As `http/access/authenticate.ts` decides. */
function adminFor(config: GatewayConfig): Opens {
  const { host, adminHost, adminPort } = config.server;
  const isKeyless = adminPort !== undefined || isOpenToAll(config);
  const isLocal = isLoopback(adminPort === undefined ? host : adminHost);
  return isKeyless && isLocal ? 'this machine' : withAdminKey(config);
}

function withAdminKey({ access: { keys = [] } }: GatewayConfig): Opens {
  return keys.some(({ admin }) => admin) ? 'admin key' : 'nobody';
}

/** Names of every interface, and where to find it from here. */
export const EVERY_INTERFACE = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

function urlOf(host: string, port: number): string {
  const name = EVERY_INTERFACE.get(host) ?? host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
