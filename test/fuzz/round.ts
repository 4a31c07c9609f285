import { setTimeout as sleep } from 'node:timers/promises';
import { countersOf } from '../load/counters.js';
import { atRest, leftOvers } from './at-rest.js';
import { judgeEnds } from './ends.js';
import { type Case, type Judgement, judge } from './oracle.js';
import { Session, type SessionOptions } from './session.js';
import type { Violation } from './violation.js';
import { Watch } from './watch.js';

export interface RoundOptions extends SessionOptions {
  readonly concurrency: number;
  /** After so many cases all has to come to rest and to add up. */
  readonly window: number;
  /** The next case to play; nothing when it is enough. */
  readonly next: () => number | undefined;
  readonly onCase?: ((each: Case, judgement: Judgement) => void) | undefined;
}

const REST_MS = 6000;

/** Idle connections to upstreams are kept for two seconds. */
const IDLE_MS = 12_000;

/** What a stream may hold: 256 KiB that wait, an event that is read, and what V8 makes of both. */
const MEMORY_PER_STREAM_BYTES = 6 * 1024 * 1024;
const MEMORY_BYTES = 200 * 1024 * 1024;

/** Plays cases in one Sluice until there are no more, or until it has died; then looks at what is left of them. */
export async function playRound(options: RoundOptions): Promise<Violation[]> {
  const session = await Session.start(options);
  const round = new Round(session, options);
  try {
    const died = session.sluice.died.then((why) => round.died(why));
    await Promise.race([round.play(), died]);
  } catch (error) {
    if (!round.isDead) round.violated(`the round broke off: ${String(error)}`, session.running);
  } finally {
    const code = await session.close();
    if (code !== 0 && !round.isDead) round.violated(`exit code ${code}`);
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

  constructor(
    private readonly session: Session,
    private readonly options: RoundOptions,
  ) {}

  violated(what: string, cases: Iterable<number> = []): void {
    this.violations.push({ what, cases: [...cases] });
  }

  died(why: string): void {
    this.isDead = true;
    this.violated(why, this.session.running);
  }

  async play(): Promise<void> {
    const { session, options } = this;
    const start = await session.sluice.sample();
    const watch = new Watch(session);
    try {
      while (await this.#window()) session.forget();
    } finally {
      watch.stop();
      this.violations.push(...watch.violations);
    }
    const bound = start.rssBytes + MEMORY_BYTES + options.concurrency * MEMORY_PER_STREAM_BYTES;
    if (watch.mostBytes > bound) this.violated(`${watch.mostBytes} bytes of memory`);
    await this.#settle(async () => session.connections === 0, IDLE_MS);
    if (!this.isDead) this.violations.push(...(await leftOvers(session, start.sockets ?? 0)));
  }

  /** Returns whether there is more to play. */
  async #window(): Promise<boolean> {
    const { session, options } = this;
    const before = await countersOf(session.url);
    const linesBefore = session.lines;
    const played = await this.#playMany();
    if (this.isDead) return false;

    const areAllLogged = async () => {
      const { streams } = await countersOf(session.url);
      return session.busy === 0 && streams - before.streams === session.lines - linesBefore;
    };
    await this.#settle(areAllLogged, REST_MS);
    for (const { each, view } of played) {
      const ends = judgeEnds(view, session.endsOf(each));
      for (const what of ends) this.violated(what, [each.plan.k]);
    }
    const after = await countersOf(session.url);
    const plans = played.map(({ each }) => each.plan);
    this.violations.push(...atRest(session, before, after, session.lines - linesBefore, plans));
    return played.length === options.window;
  }

  async #playMany(): Promise<readonly Played[]> {
    const { session, options } = this;
    const played: Played[] = [];
    let left = options.window;
    const one = async () => {
      while (left > 0 && !this.isDead) {
        const k = options.next();
        if (k === undefined) return;
        left -= 1;
        const each = await session.play(k);
        if (this.isDead) return;
        const judgement = judge(each);
        for (const what of judgement.violations) this.violated(`${what} (${courseOf(each)})`, [k]);
        played.push({ each: withoutBody(each), view: judgement.view });
        options.onCase?.(each, judgement);
      }
    };
    await Promise.all(Array.from({ length: options.concurrency }, one));
    return played;
  }

  /** Waits until it is so; what is still not so in the end is for the checks to show. */
  async #settle(isSo: () => Promise<boolean>, ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (performance.now() < until && !this.isDead) {
      if (await isSo()) return;
      await sleep(30);
    }
  }
}

/** How a case went, in few words. */
function courseOf({ plan, attempts }: Case): string {
  const upstreams = attempts.filter(({ k }) => k === plan.k).map((attempt) => attempt.plan.made);
  return `${plan.form}, ${plan.oddity}, ${plan.manner}; upstreams: ${upstreams.join(', ') || 'none'}`;
}

/** What is still needed of a case once it has been judged. */
function withoutBody(each: Case): Case {
  return { ...each, got: { ...each.got, body: Buffer.alloc(0) }, attempts: [] };
}
