import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchProcess } from './bench-process.ts';
import { startNginx } from './nginx.ts';

/** What is measured, side by side. `direct` is no process: the upstream without anything before it. */
export type Contestant = (typeof CONTESTANTS)[number];
export const CONTESTANTS = ['raw pipe', 'parsing relay', 'nginx', 'sluice'] as const;

/** The models that every contestant serves: one for each upstream. */
export const MODELS = { measured: 'gpt-4o-2024-08-06', flood: 'gpt-4o-2024-05-13' } as const;

/** Ports of the upstreams of the two models. */
export interface Upstreams {
  readonly measured: number;
  readonly flood: number;
}

export interface RunningContestant {
  readonly process: BenchProcess;
  /** Where it serves each model. */
  readonly ports: Upstreams;
  stop(): Promise<void>;
}

export function scriptAt(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

export async function startContestant(
  contestant: Contestant,
  upstreams: Upstreams,
): Promise<RunningContestant> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const remove = () => rmSync(folder, { recursive: true });
  try {
    const process = await start(contestant, folder, upstreams);
    // In the order of the upstreams; Sluice has one port for both.
    const [measured, flood = measured] = process.ports as [number, number?];
    const stop = () => process.stop().finally(remove);
    return { process, ports: { measured, flood }, stop };
  } catch (error) {
    remove();
    throw error;
  }
}

function start(
  contestant: Contestant,
  folder: string,
  upstreams: Upstreams,
): Promise<BenchProcess> {
  const ports = [upstreams.measured, upstreams.flood];
  if (contestant === 'nginx') return startNginx(folder, ports);
  if (contestant === 'sluice') {
    // From `dist/`, as it is deployed: every feature on, with its defaults.
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, configFor(upstreams));
    const args = [file];
    return BenchProcess.start(scriptAt('../dist/main.js'), { args, cwd: folder }).listening();
  }
  const script = contestant === 'raw pipe' ? 'raw-pipe.ts' : 'parsing-relay.ts';
  return BenchProcess.start(scriptAt(script), { args: ports.map(String) }).listening(2);
}

/** `limits.streams` is a bound, not a feature: it is raised above what the scenarios open at once. */
function configFor(upstreams: Upstreams): string {
  return JSON.stringify({
    server: { port: 0 },
    limits: { streams: 5000 },
    drain: { delayMs: 0, forMs: 0 },
    backends: Object.entries(upstreams).map(([id, port]) => ({
      id,
      kind: 'openai',
      baseUrl: `http://127.0.0.1:${port}/v1`,
      apiKey: 'sk-bench',
    })),
    models: Object.entries(MODELS).map(([backend, model]) => ({
      id: model,
      targets: [`${backend}/${model}`],
    })),
  });
}
