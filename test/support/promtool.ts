import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { systemPart } from './system-parts.js';

/** Prometheus' tool for checking, which comes with it: whether it is content, and all that it said. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly isContent: boolean; readonly said: string } {
  const program = join(dirname(systemPart('prometheus').path), 'promtool');
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
  return { isContent: status === 0, said: stdout + stderr };
}
