import { setTimeout as wait } from 'node:timers/promises';

/** Waits `ms`. @throws the reason of `signal`, once that is aborted */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Rounded up: a timer may fire within the millisecond before, and a `Retry-After` is kept.
  await wait(Math.ceil(ms) + 1, undefined, { signal }).catch(() => signal.throwIfAborted());
}
