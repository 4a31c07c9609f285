import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SluiceProcess } from './sluice-process.js';
import { systemPart } from './system-parts.js';

const ROOT = join(import.meta.dirname, '../..');
/** The built service as a person starts it, whose output is a terminal's. Its `pid` is that of the terminal. */
export function spawnInTerminal(env: Record<string, string>, file: string): SluiceProcess {
  const command = `exec ${process.execPath} ${join(ROOT, 'dist/main.js')} ${file}`;
  const child = spawn(systemPart('bsdutils').path, ['-qefc', command, '/dev/null'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', TZ: 'Asia/Kathmandu', ...env },
  });
  return SluiceProcess.of(child);
}
