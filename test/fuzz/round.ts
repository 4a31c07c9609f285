import { setTimeout as sleep } from 'node:timers/promises';
import { type Counters, countersOf } from '../load/counters.js';
import { markIn } from './case-mark.js';
import { judgeEnds } from './ends.js';
import { type Judgement, judge, type Case } from './oracle.js';
import { Session, type SessionOptions } from './session.js';

export interface Violation {
  /** The case that shows it; nothing where it is only known that one of `among` does. */
  readonly k?: number | undefined;
  readonly among?: readonly number[] | undefined;
  readonly what: string;
}

export interface RoundOptions extends SessionOptions {
  readonly concurrency: number;
  /** The next case to play; nothing when it is enough. */
  readonly next: () => number | undefined;
  readonly onCase?: ((each: Case, judgement: Judgement) => void) | undefined;
}

/** Between two looks at whether all is at rest and adds up. */
const WINDOW = 250;

const REST_MS = 6000;
const END_MS = 12_000;

/** No stream may hold much more than its bounds allow: 256 KiB, and an event that is read. */
const MEMORY_PER_STREAM_BYTES = 6 * 1024 * 1024;
const MEMORY_BYTES = 200 * 1024 * 1024;

/** How long the event loop may stand still before somebody has done harm. */
const TURN_MS = 2000;

/** Plays cases in one Sluice until there are no more, or until it has died; then looks at what is left of them. */
export async function playRound(options: RoundOptions): Promise<Violation[]> {
  const session = await Session.start(options);
  const round = new Round(session, options);
  try {
    const died = session.sluice.died.then((why) => round.died(why));
    await Promise.race([round.play(), died]);
  } catch (error) {
    round.violated({ what: `the round broke off: ${String(error)}` });
  } finally {
    const code = await session.close();
    if (code !== 0 && !round.isDead) round.violated({ what: `exit code ${code}` });
  }
  return round.violations;
}

interface Played {
  readonly each: Case;
  readonly view: Judgement['view'];
}

class Round {
  readonly violations: Violation[] = [];
  isDead = false;
  #isLooking = false;
  #most = 0;

  constructor(
    private readonly session: Session,
    private readonly options: RoundOptions,
  ) {}

  violated(violation: Violation): void {
    this.violations.push(violation);
  }

  died(why: string): void {
    this.isDead = true;
    this.violated({ among: [...this.session.running], what: why });
  }

  async play(): Promise<void> {
    const { session } = this;
    const start = await session.sluice.sample();
    const watch = setInterval(() => void this.#look(), 500);
    try {
      while (!this.isDead && (await this.#window())) session.forget();
      // A look at the heap, below, lets nothing else happen.
      this.#isLooking = true;
      await this.#settle(async () => session.connections === 0, END_MS);
      await this.#leftOvers(start.sockets ?? 0);
      const bound =
        start.rssBytes + MEMORY_BYTES + this.options.concurrency * MEMORY_PER_STREAM_BYTES;
      if (this.#most > bound) this.violated({ what: `${inMib(this.#most)} MiB of memory` });
    } finally {
      clearInterval(watch);
    }
  }

  /** Returns whether there is more to play. */
  async #window(): Promise<boolean> {
    const { session, options } = this;
    const before = await countersOf(session.url);
    const linesBefore = session.lines;
    const played: Played[] = [];
    let started = 0;
    let isOver = false;
    const one = async () => {
      while (started < WINDOW && !this.isDead) {
        const k = options.next();
        if (k === undefined) {
          isOver = true;
          return;
        }
        started += 1;
        const each = await session.play(k);
        if (this.isDead) return;
        const judgement = judge(each);
        for (const what of judgement.violations) this.violated({ k, what });
        played.push({ each: withoutBody(each), view: judgement.view });
        options.onCase?.(each, judgement);
      }
    };
    await Promise.all(Array.from({ length: options.concurrency }, one));
    if (this.isDead || started === 0) return false;

    const streamsSince = async () => (await countersOf(session.url)).streams - before.streams;
    await this.#settle(
      async () => session.busy === 0 && (await streamsSince()) === session.lines - linesBefore,
      REST_MS,
    );
    const among = played.map(({ each }) => each.plan.k);
    for (const { each, view } of played) {
      const { k } = each.plan;
      for (const what of judgeEnds(view, session.endsOf(each))) this.violated({ k, what });
    }
    this.#atRest(before, await countersOf(session.url), session.lines - linesBefore, among);
    this.#count(before, await countersOf(session.url), played);
    return !isOver;
  }

  #atRest(before: Counters, after: Counters, lines: number, among: readonly number[]): void {
    const { session } = this;
    const { busy, sluice, mistakes } = session;
    const streams = after.streams - before.streams;
    if (after.active !== 0) this.violated({ among, what: `${after.active} streams never ended` });
    if (busy !== 0)
      this.violated({ among, what: `${busy} upstream connections are never let go of` });
    if (lines !== streams)
      this.violated({ among, what: `${lines} log lines of ${streams} streams` });
    const internal = after.internalErrors - before.internalErrors;
    if (internal > 0) this.violated({ among, what: `${internal} streams ended by internal_error` });
    for (const line of sluice.errorLines.splice(0))
      this.violated({ ...caseIn(line, among), what: line });
    for (const what of mistakes.splice(0))
      this.violated({ among, what: `the fuzzer itself: ${what}` });
  }

  #count(before: Counters, after: Counters, played: readonly Played[]): void {
    const counted = after.streams + after.rejections - before.streams - before.rejections;
    const least = played.reduce((sum, { each }) => sum + each.plan.counts[0], 0);
    const most = played.reduce((sum, { each }) => sum + each.plan.counts[1], 0);
    if (counted >= least && counted <= most) return;
    const what = `${counted} requests were counted instead of ${least === most ? least : `${least} to ${most}`}`;
    this.violated({ among: played.map(({ each }) => each.plan.k), what });
  }

  async #leftOvers(socketsAtStart: number): Promise<void> {
    const { session } = this;
    let sample = await session.sluice.sample();
    const until = performance.now() + END_MS;
    while (sample.timers.length > 0 && performance.now() < until) {
      await sleep(500);
      sample = await session.sluice.sample();
    }
    const { connections } = session;
    if (connections > 0)
      this.violated({ what: `${connections} connections to upstreams are left` });
    const sockets = (sample.sockets ?? 0) - socketsAtStart;
    if (sockets > 0) this.violated({ what: `${sockets} sockets are left` });
    for (const timer of sample.timers) this.violated({ what: `a timer is left: ${timer}` });
    for (const warning of sample.warnings) this.violated({ what: `a warning: ${warning}` });
    if (sample.unhandled > 0) this.violated({ what: `${sample.unhandled} unhandled rejections` });
  }

  /** Waits until it is so; what is still not so in the end is for the checks to show. */
  async #settle(isSo: () => Promise<boolean>, ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (performance.now() < until && !this.isDead) {
      if (await isSo()) return;
      await sleep(50);
    }
  }

  async #look(): Promise<void> {
    const { sluice, url, running } = this.session;
    this.#most = Math.max(this.#most, ...sluice.rssBytes());
    if (this.#isLooking) return;
    this.#isLooking = true;
    const among = [...running];
    const before = sluice.cpuMs();
    const late = setInterval(() => {
      // On a busy machine time alone says nothing: it must have worked all the while.
      const worked = (sluice.cpuMs() ?? Infinity) - (before ?? 0);
      if (worked < TURN_MS) return;
      clearInterval(late);
      this.violated({ among, what: `no turn of the event loop for ${worked} ms of work` });
    }, TURN_MS);
    try {
      await (await fetch(`${url}/livez`, { headers: { connection: 'close' } })).text();
    } catch {
      // It has died, or goes down.
    } finally {
      clearInterval(late);
      this.#isLooking = false;
    }
  }
}

/** What is still needed of a case once it has been judged. */
function withoutBody(each: Case): Case {
  return { ...each, got: { ...each.got, body: Buffer.alloc(0) }, attempts: [] };
}

function caseIn(line: string, among: readonly number[]): Pick<Violation, 'k' | 'among'> {
  const k = markIn(line);
  return k === undefined ? { among } : { k };
}

function inMib(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
