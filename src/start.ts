import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApplication } from './application.js';
import { banner } from './banner.js';
import { ConfigError } from './config/load/config-error.js';
import { GatewayConfig } from './config/schema/gateway-config.js';
import { loadConfig } from './config/load/load-config.js';
import { withSandbox } from './config/load/snapshot.js';
import { handleUnhandledErrors } from './http/errors/unhandled-errors.js';
import { LedgerError } from './ledger/open-store.js';
import { startSandbox } from './sandbox/sandbox.js';

/** Why Sluice does not start, in words that say what to do about it. */
class StartError extends Error {
  override readonly name = 'StartError';
}

/**
 * Starts the service and resolves with what to tell whoever started it.
 * @param fallbackConfig file that is read when SLUICE_CONFIG is not set
 * @throws StartError
 */
export async function start(fallbackConfig?: string): Promise<string> {
  const config = await withItsSandbox(readConfig(fallbackConfig));
  const app = await create(config);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  exitOnSecondSignal();
  await listen(app, config);
  // From here on: what goes wrong before has to end a process that never served anybody.
  handleUnhandledErrors();
  const { port } = app.getHttpServer().address() as AddressInfo;
  return banner(config, port);
}

function readConfig(fallbackConfig: string | undefined): GatewayConfig {
  try {
    return loadConfig(fallbackConfig);
  } catch (error) {
    if (error instanceof ConfigError) throw new StartError(error.message);
    throw error;
  }
}

/** The embedded upstream lives as long as the process. */
async function withItsSandbox(config: GatewayConfig): Promise<GatewayConfig> {
  const needed = config.backends.some(({ baseUrl }) => baseUrl === undefined);
  if (!needed || !config.sandbox) return config;
  return withSandbox(config, await startSandbox(config.sandbox));
}

async function create(config: GatewayConfig): Promise<NestExpressApplication> {
  try {
    return await createApplication(config);
  } catch (error) {
    if (error instanceof LedgerError) throw new StartError(error.message);
    throw error;
  }
}

async function listen(app: NestExpressApplication, config: GatewayConfig): Promise<void> {
  const { host, port } = config.server;
  try {
    await app.listen(port, host);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (error instanceof Error && code === 'EADDRINUSE') {
      const taken = 'port' in error ? Number(error.port) : port;
      const cure =
        taken === port
          ? `choose another with "PORT=${port + 1} npm start"`
          : 'write another into server.adminPort';
      throw new StartError(`Port ${taken} is in use: stop whoever has it, or ${cure}.`);
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new StartError(
        `Sluice cannot listen on ${host}:${port} (${code}): correct HOST and PORT, or "server" in the configuration.`,
      );
    }
    throw error;
  }
}

/** The first signal drains; whoever sends another does not want to wait. */
function exitOnSecondSignal(): void {
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(1);
    });
  }
}
