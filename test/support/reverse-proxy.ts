import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.js';
import type { HttpVersion } from './proxied-caller.js';
import { shippedFile } from './shipped-file.js';
import { systemPart } from './system-parts.js';
import { within } from './within.js';

const TLS = join(import.meta.dirname, '../fixtures/tls');

/** What a proxy is started from: where it listens, whom it asks, and where it may write. */
interface Place {
  readonly folder: string;
  readonly port: number;
  readonly replicas: readonly [string, string];
  /** Whether the limits of callers, which are comments as it is shipped, hold. */
  readonly isLimited: boolean;
  /** How many connections nginx may have, those to replicas among them. */
  readonly connections: number;
}

/** What is commented out in a shipped file, as directives. */
const LIMITS = {
  nginx: /^( *)# ((?:map|limit_|}| {4}(?:""|default)).*)$/gm,
  haproxy:
    /^( *)# ((?:stick-table|http-request (?:set-var\(txn\.key|track-sc0|deny deny_status 429)).*)$/gm,
};

export interface ReverseProxyKind {
  /** Its program, and its Debian package. */
  readonly name: 'nginx' | 'haproxy';
  /** What it offers to callers. */
  readonly versions: readonly HttpVersion[];
  /** Writes its configuration, and returns the arguments that start it in the foreground. */
  configure(place: Place): Promise<readonly string[]>;
  /** What it writes about requests, and of errors, where that is not its standard output. */
  readonly logs: readonly string[];
}

const nginx: ReverseProxyKind = {
  name: 'nginx',
  versions: ['HTTP/1.1', 'HTTP/2'],
  logs: ['access.log', 'error.log'],
  async configure({ folder, port, replicas: [a, b], isLimited, connections }) {
    const site = shippedFile('deploy/nginx/sluice.conf', {
      '127.0.0.1:3001': a,
      '127.0.0.1:3002': b,
      'listen 80;': `listen 127.0.0.1:${await freePort()};`,
      'listen 443 ssl http2;': `listen 127.0.0.1:${port} ssl http2;`,
      '/etc/nginx/tls/tls.crt': join(TLS, 'upstream.pem'),
      '/etc/nginx/tls/tls.key': join(TLS, 'upstream.key'),
      '/var/log/nginx/sluice.log': join(folder, 'access.log'),
      '/var/log/nginx/sluice-error.log': join(folder, 'error.log'),
    });
    const limited = isLimited ? site.replace(LIMITS.nginx, '$1$2') : site;
    await writeFile(join(folder, 'sluice.conf'), limited);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    await writeFile(
      join(folder, 'nginx.conf'),
      [
        'daemon off;',
        `pid ${folder}/nginx.pid;`,
        'worker_processes 2;',
        `events { worker_connections ${connections}; }`,
        `http { ${paths.map((each) => `${each}_temp_path ${folder}/${each};`).join(' ')}`,
        `include ${folder}/sluice.conf; }`,
      ].join('\n'),
    );
    return ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
  },
};

const haproxy: ReverseProxyKind = {
  name: 'haproxy',
  versions: ['HTTP/1.1'],
  logs: [],
  async configure({ folder, port, replicas: [a, b], isLimited }) {
    const pem = join(folder, 'sluice.pem');
    const parts = ['upstream.pem', 'upstream.key'].map((name) => readFile(join(TLS, name), 'utf8'));
    await writeFile(pem, (await Promise.all(parts)).join(''));
    const file = join(folder, 'haproxy.cfg');
    const shipped = shippedFile('deploy/haproxy/haproxy.cfg', {
      '127.0.0.1:3001': a,
      '127.0.0.1:3002': b,
      'bind :443': `bind 127.0.0.1:${port}`,
      '/etc/haproxy/sluice.pem': pem,
      // As a test's `drain.delayMs` is to the default.
      'check inter 1s': 'check inter 100ms',
    });
    await writeFile(file, isLimited ? shipped.replace(LIMITS.haproxy, '$1$2') : shipped);
    return ['-db', '-f', file];
  },
};

export const REVERSE_PROXIES = [nginx, haproxy] as const;

/** A real nginx or HAProxy with the configuration of `deploy/`, in front of two replicas. */
export class ReverseProxy {
  #output = '';

  private constructor(
    /** `https://localhost:PORT`; its certificate is that of `TlsUpstream.ca`. */
    readonly url: string,
    private readonly kind: ReverseProxyKind,
    /** What it may write to. */
    readonly folder: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
  }

  /** @param replicas two URLs such as `http://127.0.0.1:3000` */
  static async start(
    kind: ReverseProxyKind,
    replicas: readonly string[],
    { isLimited = false, connections = 8192 } = {},
  ): Promise<ReverseProxy> {
    const [a, b] = replicas.map((url) => new URL(url).host);
    const folder = await mkdtemp(join(tmpdir(), `sluice-${kind.name}-`));
    // The workers of nginx are another user than root.
    await chmod(folder, 0o755);
    const port = await freePort();
    const place = { folder, port, replicas: [a!, b!], isLimited, connections } as const;
    const args = await kind.configure(place);
    const child = spawn(systemPart(kind.name).path, args, { cwd: folder });
    const proxy = new ReverseProxy(`https://localhost:${port}`, kind, folder, child);
    await within(proxy.#accepts(port), `${kind.name} starts`, 10_000);
    return proxy;
  }

  /** What it wrote about requests, and of errors. */
  async log(): Promise<string> {
    const files = this.kind.logs.map((name) => readFile(join(this.folder, name), 'utf8'));
    return this.#output + (await Promise.all(files)).join('');
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
    await rm(this.folder, { recursive: true });
  }

  async #accepts(port: number): Promise<void> {
    for (;;) {
      if (this.child.exitCode !== null) throw new Error(`${this.kind.name}: ${this.#output}`);
      const socket = connect(port, '127.0.0.1');
      const isOpen = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (isOpen) return;
      await pause(20);
    }
  }
}
