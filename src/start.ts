import { closeSync, openSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApplication } from './application.js';
import { banner } from './banner.js';
import { bootFacts } from './boot-facts.js';
import { ConfigError } from './config/load/config-error.js';
import { ConfigReload } from './config/config-reload.js';
import { LiveConfig } from './config/live-config.js';
import { ConfigSource } from './config/load/config-source.js';
import { FilesRead } from './config/load/files-read.js';
import type { GatewayConfig, SandboxConfig } from './config/schema/gateway-config.js';
import { withSandbox } from './config/load/snapshot.js';
import { handleUnhandledErrors } from './http/errors/unhandled-errors.js';
import { AdminListener } from './http/server/admin-listener.js';
import { LedgerError } from './ledger/open-store.js';
import type { Sandbox } from './sandbox/sandbox.js';
import { GatewayLogger, isText } from './telemetry/log/logger.js';
import { writeText } from './telemetry/log/standard-streams.js';

/** Why Sluice does not start, in words that say what to do about it. */
class StartError extends Error {
  override readonly name = 'StartError';
}

/**
 * Starts the service and resolves with what to tell whoever started it; where nobody sits at a
 * terminal the log has it.
 * @param fallbackConfig file that is read when SLUICE_CONFIG is not set
 * @throws StartError
 */
export async function start(fallbackConfig?: string): Promise<string | undefined> {
  const files = new FilesRead();
  const { source, loaded } = readConfig(fallbackConfig, files);
  const complete = sandboxAdder();
  const config = await complete(loaded);
  const app = await create(config);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  exitOnSecondSignal();
  await listen(app, config);
  // From here on: what goes wrong before has to end a process that never served anybody.
  handleUnhandledErrors();
  const reload = new ConfigReload(source, app.get(LiveConfig), files, complete);
  reload.watch();
  if (!hasControllingTerminal()) process.on('SIGHUP', () => void reload.reload());
  const { port } = app.getHttpServer().address() as AddressInfo;
  const adminPort = app.get(AdminListener).port;
  const facts = bootFacts(config, { file: source.file, port, adminPort });
  if (isText(config.log)) return banner(facts, config);
  new Logger('Start').log(`Sluice listens on ${facts.url}`, facts);
  return undefined;
}

function readConfig(
  fallbackConfig: string | undefined,
  files: FilesRead,
): { source: ConfigSource; loaded: GatewayConfig } {
  try {
    const source = ConfigSource.inEnvironment(fallbackConfig);
    return { source, loaded: source.load(files) };
  } catch (error) {
    if (error instanceof ConfigError) throw new StartError(error.message);
    throw error;
  }
}

/** Puts the embedded upstream into configurations that need it. It lives as long as the process. */
function sandboxAdder(): (config: GatewayConfig) => Promise<GatewayConfig> {
  let started: Promise<Sandbox> | undefined;
  return async (config) => {
    const needed = config.backends.some(({ baseUrl }) => baseUrl === undefined);
    if (!needed || !config.sandbox) return config;
    started ??= startSandbox(config.sandbox).catch((error: unknown) => {
      // The next configuration may have more luck.
      started = undefined;
      throw error;
    });
    return withSandbox(config, await started);
  };
}

/** Imported only where it is needed: the image goes without, and nobody else has to load it. */
async function startSandbox(options: SandboxConfig): Promise<Sandbox> {
  const sandbox = await import('./sandbox/sandbox.js');
  return sandbox.startSandbox(options);
}

/** With one, SIGHUP says that the terminal was closed, and ends the process as it ends any other. */
function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

async function create(config: GatewayConfig): Promise<NestExpressApplication> {
  const logger = new GatewayLogger(writeText, config.log);
  try {
    const app = await createApplication(config, logger);
    app.get(LiveConfig).observe({ replaced: ({ log }) => logger.follow(log) });
    return app;
  } catch (error) {
    if (error instanceof LedgerError) throw new StartError(error.message);
    throw error;
  }
}

async function listen(app: NestExpressApplication, config: GatewayConfig): Promise<void> {
  const { host, port, adminHost, adminPort } = config.server;
  try {
    await app.listen(port, host);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (isOfAdminListener(error, config.server) && typeof code === 'string') {
      throw new StartError(
        `Sluice cannot listen on ${adminHost}:${adminPort} (${code}): correct server.adminHost and server.adminPort, or stop whoever has that port.`,
      );
    }
    if (code === 'EADDRINUSE') {
      throw new StartError(
        `Port ${port} is in use: stop whoever has it, or choose another with "PORT=${port + 1} npm start".`,
      );
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new StartError(
        `Sluice cannot listen on ${host}:${port} (${code}): correct HOST and PORT, or "server" in the configuration.`,
      );
    }
    throw error;
  }
}

/** By its port, or by its host where that has no address. */
function isOfAdminListener(
  error: unknown,
  { host, port, ...admin }: GatewayConfig['server'],
): boolean {
  if (!(error instanceof Error) || admin.adminPort === undefined) return false;
  if ('port' in error) return error.port === admin.adminPort && admin.adminPort !== port;
  return 'hostname' in error && error.hostname === admin.adminHost && admin.adminHost !== host;
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
