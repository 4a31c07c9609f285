import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchProcess } from './bench-process.ts';
import { startNginx } from './nginx.ts';
import { SpanReceiver } from './span-receiver.ts';

/** What is measured, side by side. `direct` is no process: the upstream without anything before it. */
export type Contestant =
  | (typeof CONTESTANTS)[number]
  | (typeof ACCESS_CONTESTANTS)[number]
  | (typeof TRACES_CONTESTANTS)[number];
export const CONTESTANTS = ['raw pipe', 'parsing relay', 'nginx', 'sluice'] as const;

/** In `access` the one that is measured has keys, limits and prices. */
export const ACCESS_CONTESTANTS = ['sluice, open', 'sluice'] as const;

/** In `traces` the one that is measured sends spans. */
export const TRACES_CONTESTANTS = ['sluice, untraced', 'sluice'] as const;

/** What a scenario compares Sluice with it to Sluice without it by. */
export type Feature = 'access' | 'traces' | undefined;

/** Of a key that opens nothing anywhere else. */
export const BENCH_SECRET = `sk-sluice-${'b'.repeat(43)}`;

/** The models that every contestant serves: one for each upstream. */
export const MODELS = { measured: 'gpt-4o-2024-08-06', flood: 'gpt-4o-2024-05-13' } as const;

/** The measured upstream again, asked in Anthropic's dialect. */
export const CLAUDE = 'claude-bench';

/** The model, and the backend, of an upstream that speaks OpenAI's Responses. */
export const RESPONSES = 'responses-bench';

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
  feature: Feature,
): Promise<RunningContestant> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const isTraced = contestant === 'sluice' && feature === 'traces';
  const receiver = isTraced ? await SpanReceiver.start() : undefined;
  const env = receiver ? { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } : {};
  const remove = () => {
    rmSync(folder, { recursive: true });
    if (receiver) process.stderr.write(`${receiver.spans} spans were received\n`);
    receiver?.stop();
  };
  try {
    const started = await start(contestant, folder, upstreams, feature === 'access', env);
    // In the order of the upstreams; Sluice has one port for both.
    const [measured, flood = measured] = started.ports as [number, number?];
    const stop = () => started.stop().finally(remove);
    return { process: started, ports: { measured, flood }, stop };
  } catch (error) {
    remove();
    throw error;
  }
}

function start(
  contestant: Contestant,
  folder: string,
  upstreams: Upstreams,
  hasAccess: boolean,
  env: Readonly<Record<string, string>>,
): Promise<BenchProcess> {
  const ports = [upstreams.measured, upstreams.flood];
  if (contestant === 'nginx') return startNginx(folder, ports);
  if (contestant.startsWith('sluice')) {
    // From `dist/`, as it is deployed: every feature on, with its defaults.
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, configFor(upstreams, hasAccess && contestant === 'sluice'));
    const args = [file];
    return BenchProcess.start(scriptAt('../dist/main.js'), { args, cwd: folder, env }).listening();
  }
  const script = contestant === 'raw pipe' ? 'raw-pipe.ts' : 'parsing-relay.ts';
  return BenchProcess.start(scriptAt(script), { args: ports.map(String) }).listening(2);
}

const ACCESS = {
  mode: 'keys',
  keys: [{ id: 'bench', hashes: [`sha256:${hash('sha256', BENCH_SECRET)}`], models: ['gpt-*'] }],
  // High enough never to refuse: counting is what costs.
  limits: { requestsPerMinute: 1e9, tokensPerMinute: 1e12, concurrentStreams: 1e6 },
};
const PRICE = { input: 2.5, cachedInput: 1.25, output: 10 };

/** `limits.streams` is a bound, not a feature: it is raised above what the scenarios open at once. */
function configFor(upstreams: Upstreams, hasAccess: boolean): string {
  return JSON.stringify({
    server: { port: 0 },
    ...(hasAccess && { access: ACCESS }),
    limits: { streams: 5000 },
    drain: { delayMs: 0, forMs: 0 },
    backends: [
      ...Object.entries(upstreams).map(([id, port]) => backendAt(id, 'openai', port)),
      backendAt(CLAUDE, 'anthropic', upstreams.measured),
      { ...backendAt(RESPONSES, 'openai', upstreams.measured), responses: true },
    ],
    models: [
      ...Object.entries(MODELS).map(([backend, model]) => ({
        id: model,
        targets: [hasAccess ? { backend, model, price: PRICE } : `${backend}/${model}`],
      })),
      { id: CLAUDE, targets: [`${CLAUDE}/${MODELS.measured}`] },
      { id: RESPONSES, targets: [`${RESPONSES}/${MODELS.measured}`] },
    ],
  });
}

function backendAt(id: string, kind: string, port: number): object {
  return { id, kind, baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'sk-bench' };
}
