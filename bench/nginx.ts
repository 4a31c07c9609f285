/* Baseline 3, where it is installed: what a proxy written in C costs. The bench installs nothing. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BenchProcess } from './bench-process.ts';

const START_MS = 5000;

/** Debian puts it where only root's PATH looks. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin'];
const BINARY = FOLDERS.map((folder) => join(folder, 'nginx')).find((file) => existsSync(file));

/** Absent: nginx is not on PATH and not in /usr/sbin. */
export const NGINX_VERSION =
  BINARY && /[\d.]+/.exec(spawnSync(BINARY, ['-v'], { encoding: 'utf8' }).stderr)?.[0];

/** One process, master and worker in one, so that its CPU is that of one pid; serves each upstream at a port. */
export async function startNginx(
  folder: string,
  upstreams: readonly number[],
): Promise<BenchProcess> {
  const ports = await freePorts(upstreams.length);
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configFor(upstreams, ports));
  const args = ['-p', folder, '-e', 'stderr', '-c', file];
  const process = BenchProcess.spawn(BINARY!, args, ports);
  const until = performance.now() + START_MS;
  while (!(await accepts(ports[0]!))) {
    if (process.hasEnded || performance.now() > until) {
      await process.stop();
      throw new Error('nginx did not start.');
    }
    await pause(20);
  }
  return process;
}

/** Relative paths are in the folder that `-p` names: root's are not needed, and not touched. */
function configFor(upstreams: readonly number[], ports: readonly number[]): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const servers = upstreams.map(
    (upstream, n) => `
      upstream upstream_${n} {
        server 127.0.0.1:${upstream};
        keepalive 8192;
        keepalive_requests 1000000000;
      }
      server {
        listen 127.0.0.1:${ports[n]} backlog=4096;
        location / {
          proxy_pass http://upstream_${n};
          proxy_http_version 1.1;
          proxy_set_header connection "";
          proxy_buffering off;
        }
      }`,
  );
  return `
    daemon off;
    master_process off;
    pid nginx.pid;
    error_log stderr error;
    events { worker_connections 16384; }
    http {
      access_log off;
      ${paths.map((path) => `${path}_temp_path ${path};`).join(' ')}
      keepalive_timeout 60s;
      keepalive_requests 1000000000;
      ${servers.join('')}
    }`;
}

/** nginx takes no port 0; these are free now, and taken a moment later. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
