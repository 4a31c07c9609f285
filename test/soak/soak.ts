import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { urlOf } from '../support/url-of.js';
import { Callers } from './caller.js';
import { type Counters, countersOf } from '../load/counters.js';
import { Ledger } from './ledger.js';
import { planOf } from './plan.js';
import { sluiceConfig } from './sluice-config.js';
import { SoakUpstream } from './soak-upstream.js';
import { type Sample, WatchedSluice } from '../load/watched-sluice.js';

export interface SoakSettings {
  readonly seed: number;
  readonly streams: number;
  readonly concurrency: number;
}

/** What was measured. */
export interface SoakResult {
  readonly settings: SoakSettings;
  readonly seconds: number;
  /** Idle: before the first request, and after each quarter. */
  readonly samples: readonly Sample[];
  /** RSS under load, for each quarter: every half second. */
  readonly rssUnderLoad: readonly (readonly number[])[];
  /** RSS after each quarter, once the process has given back what it does not use. */
  readonly settledRss: readonly number[];
  /** Timers that were still there when all was idle, and then were not. */
  readonly lateTimers: ReadonlySet<string>;
  readonly before: Counters;
  readonly after: Counters;
  readonly ledger: Ledger;
  /** Connections that Sluice still had to its upstreams at the end, long after they were idle. */
  readonly upstreamConnections: number;
  readonly upstreamRequests: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly oddLines: readonly string[];
  readonly exitCode: number | string;
}

const QUARTERS = 4;

const RSS_EVERY_MS = 500;
const SETTLE_MS = 10_000;

/** How long Sluice may take to let go of everything: idle connections to upstreams are kept for some seconds. */
const IDLE_MS = 15_000;

/** Runs all callers against one Sluice in a process of its own; the upstreams are in this one. */
export async function soak(settings: SoakSettings): Promise<SoakResult> {
  const { seed } = settings;
  const ledger = new Ledger(seed);
  const upstreams = await startUpstreams(seed);
  const [first, second, ollama, broke] = upstreams.map(({ url }) => url) as [
    string,
    string,
    string,
    string,
  ];
  const config = sluiceConfig({ first, second, ollama, broke, dead: await deadUrl() });
  const sluice = await WatchedSluice.start(config, (line) => ledger.ended(line));
  try {
    const url = await sluice.url();
    const before = await countersOf(url);
    const samples = [await sluice.sample()];
    const rssUnderLoad: number[][] = [];
    const settledRss: number[] = [];
    const lateTimers = new Set<string>();
    const startedAt = performance.now();
    for (let quarter = 0; quarter < QUARTERS; quarter += 1) {
      const callers = new Callers(url);
      const rss: number[] = [];
      const watch = setInterval(() => rss.push(...sluice.rssBytes()), RSS_EVERY_MS);
      const died = sluice.died.then((why) => Promise.reject(new Error(why)));
      await Promise.race([playQuarter(quarter, settings, callers, ledger), died]).finally(() =>
        clearInterval(watch),
      );
      rssUnderLoad.push(rss);
      callers.close();
      await idle(url, upstreams, ledger, before);
      ledger.settle();
      samples.push(await sampleAtRest(sluice, lateTimers));
      settledRss.push(await settledRssOf(sluice));
    }
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      settings,
      seconds,
      samples,
      rssUnderLoad,
      settledRss,
      lateTimers,
      before,
      after: await countersOf(url),
      ledger,
      upstreamConnections: upstreams.reduce((sum, { connections }) => sum + connections, 0),
      upstreamRequests: upstreams.reduce((sum, { requests }) => sum + requests, 0),
      faults: faultsOf(upstreams),
      oddLines: sluice.oddLines,
      exitCode: await sluice.stop(),
    };
  } finally {
    await sluice.stop();
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  }
}

/** An outage now and then, long enough to open a breaker and to let it close again. */
function isDown(n: number): boolean {
  return n % 1000 >= 400 && n % 1000 < 480;
}

async function startUpstreams(seed: number): Promise<SoakUpstream[]> {
  return Promise.all([
    SoakUpstream.start('openai', { seed, salt: 11, isDown }),
    SoakUpstream.start('openai', { seed, salt: 12 }),
    SoakUpstream.start('ollama', { seed, salt: 13 }),
    SoakUpstream.start('openai', { seed, salt: 14, always: 'refused' }),
  ]);
}

/** A port that was free a moment ago. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = urlOf(server);
  server.close();
  await once(server, 'close');
  return url;
}

async function playQuarter(
  quarter: number,
  { seed, streams, concurrency }: SoakSettings,
  callers: Callers,
  ledger: Ledger,
): Promise<void> {
  let next = Math.round((quarter * streams) / QUARTERS);
  const end = Math.round(((quarter + 1) * streams) / QUARTERS);
  const one = async () => {
    while (next < end) {
      const plan = planOf(seed, next++);
      ledger.returned(plan, await callers.play(plan));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
}

/** Waits until nothing runs and all is counted; what is still not so after `IDLE_MS` is for the figures to show. */
async function idle(
  url: string,
  upstreams: readonly SoakUpstream[],
  ledger: Ledger,
  before: Counters,
): Promise<void> {
  const until = performance.now() + IDLE_MS;
  while (performance.now() < until) {
    const { active, streams } = await countersOf(url);
    const connections = upstreams.reduce((sum, upstream) => sum + upstream.connections, 0);
    if (active === 0 && connections === 0 && streams - before.streams === ledger.lines) return;
    await sleep(200);
  }
}

/** A look inside once no timer runs, or after `IDLE_MS`: one that is late is no leak. */
async function sampleAtRest(sluice: WatchedSluice, late: Set<string>): Promise<Sample> {
  const until = performance.now() + IDLE_MS;
  let sample = await sluice.sample();
  while (sample.timers.length > 0 && performance.now() < until) {
    for (const timer of sample.timers) late.add(timer);
    await sleep(500);
    sample = await sluice.sample();
  }
  return sample;
}

/** The least of some seconds: V8 gives its pages back a while after it has collected the garbage. */
async function settledRssOf(sluice: WatchedSluice): Promise<number> {
  const until = performance.now() + SETTLE_MS;
  let least = Infinity;
  while (performance.now() < until) {
    least = Math.min(least, ...sluice.rssBytes());
    await sleep(RSS_EVERY_MS);
  }
  return least;
}

function faultsOf(upstreams: readonly SoakUpstream[]): Map<string, number> {
  const all = new Map<string, number>();
  for (const [fault, count] of upstreams.flatMap(({ tally }) => [...tally])) {
    all.set(fault, (all.get(fault) ?? 0) + count);
  }
  return all;
}
