import { BenchProcess } from './bench-process.ts';
import {
  type Contestant,
  type Feature,
  MODELS,
  type RunningContestant,
  scriptAt,
  startContestant,
  type Upstreams,
} from './contestants.ts';
import type { Hold, Load, Loaded } from './load.ts';
import type { Options } from './options.ts';
import type { Plan } from './upstream.ts';

/** The scheduler's niceness of the floods: they may have what the measured streams leave. */
const FLOOD_NICENESS = 10;

/** The world around the contestants: upstreams and callers. */
export class Bench {
  readonly options: Options;
  readonly #upstreams: Readonly<Record<keyof Upstreams, BenchProcess>>;
  readonly #loaders: Readonly<Record<keyof Upstreams, BenchProcess>>;

  private constructor(
    options: Options,
    upstreams: Readonly<Record<keyof Upstreams, BenchProcess>>,
    loaders: Readonly<Record<keyof Upstreams, BenchProcess>>,
  ) {
    this.options = options;
    this.#upstreams = upstreams;
    this.#loaders = loaders;
  }

  static async start(options: Options): Promise<Bench> {
    const upstreams = {
      measured: await startPart('upstream.ts').listening(),
      flood: await startPart('upstream.ts', FLOOD_NICENESS).listening(),
    };
    const loaders = { measured: startPart('load.ts'), flood: startPart('load.ts', FLOOD_NICENESS) };
    return new Bench(options, upstreams, loaders);
  }

  get ports(): Upstreams {
    const { measured, flood } = this.#upstreams;
    return { measured: measured.ports[0]!, flood: flood.ports[0]! };
  }

  /** `full`, or less of it in a quick run. */
  scaled(full: number, quick: number): number {
    return this.options.quick ? quick : full;
  }

  async plan(plan: Plan, of: keyof Upstreams = 'measured'): Promise<void> {
    await this.#upstreams[of].ask('plan', { model: MODELS[of], ...plan });
  }

  load(load: Load): Promise<Loaded> {
    return this.#loaders.measured.ask('run', load);
  }

  async hold(hold: Hold, by: keyof Upstreams = 'measured'): Promise<void> {
    await this.#loaders[by].ask('hold', hold);
  }

  async release(by: keyof Upstreams = 'measured'): Promise<void> {
    await this.#loaders[by].ask('release');
  }

  /** Bytes that the kernel has taken from an upstream. */
  acceptedFrom(upstream: keyof Upstreams): Promise<number> {
    return this.#upstreams[upstream].ask('accepted');
  }

  /** Runs with contestants that are started for it and stopped after it. */
  async with<T>(
    contestants: readonly Contestant[],
    use: (running: ReadonlyMap<Contestant, RunningContestant>) => Promise<T>,
  ): Promise<T> {
    const running = new Map<Contestant, RunningContestant>();
    try {
      for (const contestant of contestants) {
        running.set(
          contestant,
          await startContestant(contestant, this.ports, featureOf(contestants)),
        );
      }
      return await use(running);
    } finally {
      await Promise.all([...running.values()].map((contestant) => contestant.stop()));
    }
  }

  async stop(): Promise<void> {
    const all = [...Object.values(this.#upstreams), ...Object.values(this.#loaders)];
    await Promise.all(all.map((process) => process.stop()));
  }
}

/** Shown by whoever goes without it. */
function featureOf(contestants: readonly Contestant[]): Feature {
  if (contestants.includes('sluice, open')) return 'access';
  return contestants.includes('sluice, untraced') ? 'traces' : undefined;
}

function startPart(script: string, niceness = 0): BenchProcess {
  return BenchProcess.start(scriptAt(script), { niceness });
}
