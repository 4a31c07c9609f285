import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchProcess } from './bench-process.ts';

/** What is measured, side by side. `direct` is no process: the upstream without anything before it. */
export type Contestant = 'raw pipe' | 'parsing relay' | 'sluice';

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
  if (contestant === 'sluice') return startSluice(upstreams);
  const script = contestant === 'raw pipe' ? 'raw-pipe.ts' : 'parsing-relay.ts';
  const args = [upstreams.measured, upstreams.flood].map(String);
  const process = BenchProcess.start(scriptAt(script), { args });
  // Ports are told in the order of the upstreams.
  const [measured, flood] = (await process.listening(2)).ports as [number, number];
  return { process, ports: { measured, flood }, stop: () => process.stop() };
}

/** From `dist/`, as it is deployed: every feature on, with its defaults. */
async function startSluice(upstreams: Upstreams): Promise<RunningContestant> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const file = join(folder, 'sluice.yaml');
  writeFileSync(file, configFor(upstreams));
  const process = BenchProcess.start(scriptAt('../dist/main.js'), { args: [file], cwd: folder });
  const [port] = (await process.listening()).ports as [number];
  const stop = async () => {
    await process.stop();
    rmSync(folder, { recursive: true });
  };
  return { process, ports: { measured: port, flood: port }, stop };
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
