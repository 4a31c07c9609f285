import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.js';
import { systemPart } from './system-parts.js';

const run = promisify(execFile);

/** Debian's own PostgreSQL with a database of its own; it does not run as root. */
export class Postgres {
  #server: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(): Promise<Postgres> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-postgres-'));
    if (isRoot()) {
      const { stdout } = await run('id', ['-u', 'postgres']);
      await chown(folder, Number(stdout), 0);
    }
    const [program, ...args] = asPostgres('initdb', [
      ...['--auth=trust', '--username=sluice', '--no-sync', '-D', join(folder, 'data')],
    ]);
    await run(program!, args);
    const postgres = new Postgres(folder, await freePort());
    await postgres.restart();
    return postgres;
  }

  /** @param port of a proxy in front of it */
  url(port = this.port): string {
    return `postgres://sluice:s3cret-pa%24%24word@127.0.0.1:${port}/postgres`;
  }

  async restart(): Promise<void> {
    const [program, ...args] = asPostgres('postgres', [
      ...['-D', join(this.folder, 'data'), '-p', String(this.port), '-h', '127.0.0.1'],
      ...['-k', this.folder, '-F', '-c', 'shared_buffers=16MB'],
    ]);
    const spawnServer = () =>
      (this.#server = spawn(program!, args, { stdio: 'ignore', detached: true }));
    let server = spawnServer();
    for (;;) {
      try {
        await this.query('SELECT 1');
        return;
      } catch {
        // It does not start while a process of the one that was killed still has its memory.
        if (server.exitCode !== null) server = spawnServer();
        await pause(20);
      }
    }
  }

  /** Without a word to anybody. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    // `runuser` leads the group; the server's own children see that their parent has gone.
    process.kill(-server.pid!, 'SIGKILL');
    await exited;
  }

  async query(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url() });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true });
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function asPostgres(name: string, args: readonly string[]): string[] {
  const program = join(systemPart('postgresql').path, name);
  return isRoot() ? ['runuser', '-u', 'postgres', '--', program, ...args] : [program, ...args];
}
