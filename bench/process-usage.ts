import { readdirSync, readFileSync } from 'node:fs';

/**
 * What a process has spent of the CPU, user and system, in milliseconds. The scheduler's own count
 * in nanoseconds over all threads (V8's helpers collect garbage on theirs): `utime` and `stime` come
 * in ticks of 10 ms, and the count of the process as a whole is that of its main thread. Threads
 * that have ended are missed; Node's live as long as their process.
 */
export function cpuMsOf(pid: number): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [onCpu = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(
      ' ',
    );
    ns += Number(onCpu);
  }
  return ns / 1e6;
}

export interface ResidentMemory {
  readonly rssKiB: number;
  /** The most there ever was. */
  readonly peakKiB: number;
}

export function memoryOf(pid: number): ResidentMemory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return { rssKiB: kibibytes(status, 'VmRSS'), peakKiB: kibibytes(status, 'VmHWM') };
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]);
}
