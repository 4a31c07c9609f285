import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceProcess } from './sluice-process.js';

const ROOT = join(import.meta.dirname, '../..');
const SCRIPT = '/usr/bin/script';

/** Of util-linux: without it there is no terminal to try. */
export const hasTerminal = existsSync(SCRIPT);

/** The built service as a person starts it, whose output is a terminal's. Its `pid` is that of the terminal. */
export function spawnInTerminal(env: Record<string, string>, file: string): SluiceProcess {
  const command = `exec ${process.execPath} ${join(ROOT, 'dist/main.js')} ${file}`;
  const child = spawn(SCRIPT, ['-qefc', command, '/dev/null'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', TZ: 'Asia/Kathmandu', ...env },
  });
  return SluiceProcess.of(child);
}
