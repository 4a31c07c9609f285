import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError, type ConfigFault, errorCode } from './config-error.js';
import type { ProxyConfig } from '../schema/gateway-config.js';
import { LOG_LEVELS, type LogLevel } from '../schema/log-config.js';
import type { TracingConfig } from '../schema/tracing-config.js';
import { isHttpUrl } from '../rules/upstream-rules.js';
import { hostCheck, portCheck } from '../rules/value-rules.js';
import { tracingIn } from './tracing-settings.js';

type Environment = Readonly<NodeJS.ProcessEnv>;

/** `env` over what `.env` in the working directory says, if there is one. */
export function withDotEnv(env: Environment): NodeJS.ProcessEnv {
  try {
    return { ...parseEnv(readFileSync('.env', 'utf8')), ...env };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return { ...env };
    throw new ConfigError([{ path: '.env', message: `cannot be read (${code})` }]);
  }
}

/** What the environment says besides the file; an empty variable says nothing. */
export interface EnvironmentSettings {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly proxy: ProxyConfig;
  readonly tracing: TracingConfig | undefined;
  readonly faults: readonly ConfigFault[];
}

export function settingsIn(env: Environment): EnvironmentSettings {
  const faults: ConfigFault[] = [];
  const port = env['PORT'] ? wholeNumber(env['PORT']) : undefined;
  const host = env['HOST'] || undefined;
  if (port !== undefined) complain('PORT', portCheck(port));
  if (host !== undefined) complain('HOST', hostCheck(host));
  const logLevel = LOG_LEVELS.find((level) => level === env['LOG_LEVEL']?.toLowerCase());
  if (env['LOG_LEVEL'] && !logLevel)
    complain('LOG_LEVEL', `must be one of: ${LOG_LEVELS.join(', ')}`);
  const httpProxy = proxyUrl('http_proxy');
  const httpsProxy = proxyUrl('https_proxy');
  const noProxy = (env['no_proxy'] ?? env['NO_PROXY']) || undefined;
  const proxy = { httpProxy, httpsProxy, noProxy };
  const tracing = tracingIn(env, complain);
  return { host, port, logLevel, proxy, tracing, faults };

  /** Lower case wins, as with curl. */
  function proxyUrl(lowerCase: string): string | undefined {
    const name = env[lowerCase] === undefined ? lowerCase.toUpperCase() : lowerCase;
    const url = env[name];
    if (url && !isHttpUrl(url)) complain(name, 'must be a URL such as http://proxy.internal:3128');
    return url || undefined;
  }

  function complain(path: string, message: string | undefined): void {
    if (message) faults.push({ path, message });
  }
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
