import { type CallerReading, callerReadingOf } from './caller-reading.js';
import type { Got } from './fuzz-caller.js';
import { STREAMS } from './fuzz-config.js';
import type { UpstreamAttempt } from './fuzz-upstream.js';
import type { RequestPlan } from './request-plan.js';
import { isBeginning, isSame, type Spoken, spoken } from './spoken.js';
import { readingOf, type UpstreamReading } from './upstream-reading.js';

/** How much longer than `totalMs` a caller may have to wait: for two busy processes to come to it. */
export const SLACK_MS = 1500;

/** One case: what was asked, what upstreams said, and what came of it. */
export interface Case {
  readonly plan: RequestPlan;
  readonly got: Got;
  /** The requests that reached an upstream in this case, and those that said of none. */
  readonly attempts: readonly UpstreamAttempt[];
}

export interface Judgement {
  readonly view: CallerReading['view'] | 'broken';
  readonly violations: readonly string[];
}

/** Holds what the caller got against what upstreams said. */
export function judge(each: Case): Judgement {
  const { plan, got } = each;
  if (got.how === 'late')
    return { view: 'broken', violations: [`no end after ${Math.round(got.ms)} ms`] };
  try {
    const reading = callerReadingOf(got, plan.method);
    const violations = [
      ...wholeness(each, reading),
      ...words(each, reading),
      ...manners(each, reading),
      ...counts(reading),
      ...time(plan, got),
    ];
    return { view: reading.view, violations };
  } catch (error) {
    return { view: 'broken', violations: [error instanceof Error ? error.message : String(error)] };
  }
}

/** Success only if an upstream finished; and no failure where everything went well. */
function wholeness(
  { plan, got, attempts }: Case,
  { view, code, pieces, dialect }: CallerReading,
): string[] {
  if (view === 'whole') {
    const finished = attempts.filter((attempt) => readingOf(attempt).whole !== 'no');
    if (finished.length === 0) return ['a whole answer, and no upstream finished one'];
    const heard = spoken(pieces);
    const isTold = finished.some((attempt) =>
      tellings(attempt, dialect).some((telling) => telling === undefined || isSame(heard, telling)),
    );
    return isTold
      ? []
      : [`a whole answer that nobody gave: ${JSON.stringify(heard).slice(0, 400)}`];
  }
  const last = attempts.findLast(({ k }) => k === plan.k);
  if (view !== 'failed' && view !== 'refused') return [];
  // Among the odd headers there is one that asks for less time.
  if (plan.oddity === 'headers') return [];
  if (last === undefined || plan.manner !== 'reads' || got.ms > FAST_MS || !wentWell(last))
    return [];
  // One that was to take up another answer, and differed from it, was of no use.
  const isTextOnly = readingOf(last).pieces?.every(([kind]) => kind === 'text') ?? true;
  if (attempts.length > 1 && !isTextOnly) return [];
  const fits = tellings(last, dialect).some(
    (telling) => telling === undefined || isBeginning(spoken(pieces), telling),
  );
  return fits ? [`${view} (${code}), and the upstream's answer was whole and in time`] : [];
}

/** Well within every deadline. */
const FAST_MS = 100;

function wentWell(attempt: UpstreamAttempt): boolean {
  const { plan } = attempt;
  const isSure = plan.end === 'eof' && plan.pauses.size === 0;
  return plan.how === 'http' && plan.status === 200 && isSure && readingOf(attempt).whole === 'yes';
}

/** Every word in order, none twice, none of anybody else's. */
function words({ attempts }: Case, { view, pieces, dialect }: CallerReading): string[] {
  if (view === 'whole' || pieces.length === 0) return [];
  const heard = spoken(pieces);
  const isTold = attempts.some((attempt) =>
    tellings(attempt, dialect).some(
      (telling) => telling === undefined || isBeginning(heard, telling),
    ),
  );
  return isTold ? [] : [`words that nobody said: ${JSON.stringify(heard).slice(0, 400)}`];
}

/** What a caller may have heard of an attempt, and of the beginning that it was given; nothing where that is open. */
function tellings(
  attempt: UpstreamAttempt,
  dialect: CallerReading['dialect'],
): (Spoken | undefined)[] {
  const { pieces }: UpstreamReading = readingOf(attempt);
  if (pieces === undefined) return [undefined];
  const told = dialect === 'plain' ? pieces.filter(([kind]) => kind === 'text') : pieces;
  const { prefill } = attempt;
  return [spoken(told), ...(prefill === '' ? [] : [spoken([['text', prefill], ...told])])];
}

/** Words of our own where an answer failed; nothing of Node's but to what is no HTTP. */
function manners({ plan, got }: Case, { view, code }: CallerReading): string[] {
  const { oddity } = plan;
  if (code === 'internal' || code === 'internal_error' || got.head?.status === 500) {
    return [`an internal error: ${got.body.toString().slice(0, 400)}`];
  }
  const isDamaged = oddity === 'requestBytes' || oddity === 'rubbish' || oddity === 'chunked';
  const isHead = plan.method === 'HEAD';
  // A connection may be closed under a body that is not wanted.
  const isTooMuch = oddity === 'large' || oddity === 'length' || oddity === 'compressed';
  if (view === 'bare' && !isDamaged && !isHead && !isTooMuch) {
    return [`no answer in words of ours: ${got.head?.status ?? 'a closed connection'}`];
  }
  return [];
}

/** Counts that no model can have are absent. */
function counts({ last }: CallerReading): string[] {
  const usage = last?.['usage'] as Record<string, unknown> | undefined;
  return Object.entries(usage ?? {})
    .filter(([, count]) => !(Number.isSafeInteger(count) && (count as number) >= 0))
    .map(([name, count]) => `an impossible count: ${name} ${JSON.stringify(count)}`);
}

function time({ manner }: RequestPlan, { ms }: Got): string[] {
  const most = STREAMS.totalMs + SLACK_MS;
  return manner === 'reads' && ms > most ? [`it took ${Math.round(ms)} ms`] : [];
}
