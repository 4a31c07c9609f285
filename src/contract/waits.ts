/**
 * Whom a generation can wait for. There is always exactly one, because answers are pulled: room
 * (`queue`), the time until a target is asked again (`backoff`), a connection to an upstream
 * (`connect`), its first content, or its whole answer where it was asked not to stream
 * (`first_content`), what it sends next (`upstream`), a caller whose socket is full (`caller`). The
 * rest is Sluice's own.
 */
export const WAITED_FOR = [
  'queue',
  'backoff',
  'connect',
  'first_content',
  'upstream',
  'caller',
  'sluice',
] as const;
export type WaitedFor = (typeof WAITED_FOR)[number];

/** One wait without interruption. */
export interface Wait {
  readonly on: WaitedFor;
  /** From the start of the generation, in milliseconds. */
  readonly atMs: number;
  readonly ms: number;
}

export type WaitedMs = Readonly<Record<WaitedFor, number>>;

/** Where the time of a generation went. */
export interface Waits {
  /** The wait that goes on; once the generation has ended, the last one. */
  readonly current: Wait;
  /** By whom was waited for, with the wait that goes on: together the generation's duration. */
  readonly ms: WaitedMs;
  /** The same without the wait that goes on, by the backend that was being asked; before any was, and in the queue, by `none`. */
  readonly msByBackend: ReadonlyMap<string, WaitedMs>;
  /** At most 32, in their order; those that lasted less than a millisecond are not among them. */
  readonly longest: readonly Wait[];
}

/** The same in short, as log, `done` and operators read it, in whole milliseconds. */
export interface WaitSummary {
  /** Of those who were waited for that long. */
  readonly waitedMs: Readonly<Partial<Record<WaitedFor, number>>>;
  /** The longest single wait; absent where there was none of a millisecond. */
  readonly longestGapMs?: number | undefined;
  readonly longestGapOn?: WaitedFor | undefined;
}

export function summaryOf({ ms, longest: waits }: Pick<Waits, 'ms' | 'longest'>): WaitSummary {
  const whole = WAITED_FOR.map((on) => [on, Math.round(ms[on])] as const);
  const waitedMs = Object.fromEntries(whole.filter(([, wholeMs]) => wholeMs > 0));
  const [longest] = waits.toSorted((one, other) => other.ms - one.ms);
  return longest
    ? { waitedMs, longestGapMs: Math.round(longest.ms), longestGapOn: longest.on }
    : { waitedMs };
}
