import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './free-port.js';
import { systemPart } from './system-parts.js';

const run = promisify(execFile);

/** Who a server runs as; PostgreSQL refuses to be root. */
interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** Debian's own PostgreSQL, with a database of its own. */
export class Postgres {
  #server: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly user: User,
    readonly port: number,
  ) {
    // Also when the tests are interrupted.
    process.once('exit', () => this.#server?.kill('SIGKILL'));
  }

  static async start(): Promise<Postgres> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-postgres-'));
    const user = await userOfServer();
    if (user.uid !== undefined) await chown(folder, user.uid, user.gid!);
    const options = ['--auth=trust', '--username=sluice', '--no-sync', '-D', join(folder, 'data')];
    await run(programOf('initdb'), options, { ...user, cwd: folder });
    const postgres = new Postgres(folder, user, await freePort());
    await postgres.restart();
    return postgres;
  }

  /** @param port of a proxy in front of it */
  url(port = this.port): string {
    return `postgres://sluice:s3cret-pa%24%24word@127.0.0.1:${port}/postgres`;
  }

  async restart(): Promise<void> {
    for (;;) {
      // It does not start while a process of the one that was killed still has its memory.
      if (!this.#server || this.#server.exitCode !== null || this.#server.killed) this.#spawn();
      try {
        await this.query('SELECT 1');
        return;
      } catch {
        await pause(20);
      }
    }
  }

  /** Without a word to anybody. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null || server.killed) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  }

  async query(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url() });
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
    await rm(this.folder, { recursive: true, maxRetries: 5 });
  }

  #spawn(): void {
    const { folder, port, user } = this;
    const where = ['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', folder];
    const options = [...where, '-F', '-c', 'shared_buffers=16MB'];
    this.#server = spawn(programOf('postgres'), options, { ...user, cwd: folder, stdio: 'ignore' });
  }
}

function programOf(name: string): string {
  return join(systemPart('postgresql').path, name);
}

/** Debian's package makes the user; whoever is not root is good enough. */
async function userOfServer(): Promise<User> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  );
  return { uid: uid!, gid: gid! };
}
