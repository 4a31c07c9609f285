import { setTimeout as pause } from 'node:timers/promises';
import { streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import type { BenchProcess } from '../bench-process.ts';
import type { RunningContestant } from '../contestants.ts';
import type { SideBytes } from '../probe.preload.ts';
import { ratioTo, rowsOf, type Row, SLUICE_ALONE } from '../row.ts';
import { figuresOf } from './figures.ts';
import { warmUp } from './warm-up.ts';

const STREAMS = 50;
/** The upstream counts as stopped when the kernel took nothing more from it for so long. */
const STILL_MS = 1000;
/** So long that its head does not matter. */
const LONG_CHUNKS = 2000;
const PATIENCE_MS = 20_000;

/** Whether a caller that does not read fills the gateway or stops the upstream. */
export async function stalled(bench: Bench): Promise<Row[]> {
  const figures = await figuresOf(bench, (contestant) => stalling(bench, contestant));
  const { rssKiB, waitingKiB, notStopped } = figures;
  return rowsOf('stalled', [
    ['RSS per stream', 'KiB', rssKiB, ratioTo('raw pipe'), BARS.stalledRss],
    ['read and not yet accepted, per stream', 'KiB', waitingKiB, SLUICE_ALONE, BARS.stalledWaiting],
    ['upstream not stopped (1 = yes)', '', notStopped, SLUICE_ALONE, BARS.stalledNotStopped],
  ]);
}

async function stalling(bench: Bench, { process, ports }: RunningContestant) {
  await warmUp(bench, ports.measured, 500);
  const early = await bytesThrough(process);
  await bench.plan({ chunks: LONG_CHUNKS, textChars: 16 });
  const ask = streamAsk(ports.measured, LONG_CHUNKS);
  await bench.load({ ask, requests: 32, atOnce: 32, spreadMs: 0 });
  const before = await bytesThrough(process);
  // An event has one size on the upstream's wire and another on the caller's.
  const readPerWritten = (before.read - early.read) / (before.accepted - early.accepted);
  await process.ask('memory', { gc: true });
  const { rssKiB } = process.memory;
  await bench.plan({ chunks: 1e9, textChars: 16 });
  const endless = streamAsk(ports.measured, 0);
  await bench.hold({ ask: endless, streams: STREAMS, spreadMs: 100, stall: true });
  const stopped = await comesToRest(bench);
  const after = await bytesThrough(process);
  const rssAfter = process.memory.rssKiB;
  await bench.release();
  const held = after.read - before.read - (after.accepted - before.accepted) * readPerWritten;
  return {
    notStopped: stopped ? 0 : 1,
    rssKiB: (rssAfter - rssKiB) / STREAMS,
    waitingKiB: held / 1024 / STREAMS,
  };
}

async function bytesThrough(process: BenchProcess): Promise<{ read: number; accepted: number }> {
  const { read } = await process.ask<SideBytes>('upstreams');
  const { accepted } = await process.ask<SideBytes>('callers');
  return { read, accepted };
}

async function comesToRest(bench: Bench): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS;
  let accepted = -1;
  while (performance.now() < until) {
    const now = await bench.acceptedFrom('measured');
    if (now === accepted) return true;
    accepted = now;
    await pause(bench.scaled(STILL_MS, STILL_MS / 2));
  }
  return false;
}
