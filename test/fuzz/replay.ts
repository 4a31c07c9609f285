import { setTimeout as sleep } from 'node:timers/promises';
import { judgeEnds } from './ends.js';
import type { UpstreamAttempt } from './fuzz-upstream.js';
import { type Case, type Judgement, judge } from './oracle.js';
import { Session, type SessionOptions } from './session.js';
import { readingOf } from './upstream-reading.js';

/** How much of a body is shown. */
const SHOWN_BYTES = 3000;

/** Plays one case alone, in a Sluice of its own; everything that is known of it, as text. */
export async function replay(k: number, options: SessionOptions): Promise<string> {
  const session = await Session.start(options);
  try {
    const died = session.sluice.died.then((why) => `Sluice died: ${why}`);
    const played = await Promise.race([session.play(k), died]);
    if (typeof played === 'string') return played;
    // Its log line comes when the generation has ended, which may be after its caller left.
    await sleep(500);
    const judgement = judge(played);
    const ends = session.endsOf(played);
    return [
      storyOf(played, judgement),
      ...ends.map((line) => `log: ${JSON.stringify(line)}`),
      ...session.sluice.errorLines.map((line) => `log, an error: ${line}`),
      ...judgeEnds(judgement.view, ends).map((what) => `VIOLATION: ${what}`),
    ].join('\n');
  } finally {
    await session.close();
  }
}

function storyOf({ plan, got, attempts }: Case, { view, violations }: Judgement): string {
  const { bytes, tears, manner, waitMs, leavesAtBytes, sendsOnly, oddity } = plan;
  return [
    `case ${plan.k}: ${plan.form}, oddity ${oddity}; sends ${sendsOnly} of ${bytes.length} bytes, torn at ${JSON.stringify(tears)}`,
    `caller ${manner} (${waitMs} ms, ${leavesAtBytes} bytes):`,
    shown(bytes),
    ...attempts.map(attemptStory),
    `caller: ${got.how} after ${Math.round(got.ms)} ms, ${got.isClean ? 'a clean end' : 'no clean end'}, ${JSON.stringify(got.head)}`,
    shown(got.body),
    `view: ${view}`,
    ...violations.map((what) => `VIOLATION: ${what}`),
  ].join('\n');
}

function attemptStory(attempt: UpstreamAttempt): string {
  const { kind, streams, prefill, plan, floodBytes } = attempt;
  const { whole, pieces } = readingOf(attempt);
  const pauses = JSON.stringify([...plan.pauses]);
  return [
    `upstream ${kind}, ${streams ? 'streamed' : 'plain'}, prefill ${JSON.stringify(prefill)}: ${plan.how}, ${plan.made}; ${plan.status} ${JSON.stringify(plan.headers)}`,
    `  after ${plan.beforeMs} ms, in pieces of ${JSON.stringify(plan.sizes)}, pauses ${pauses}, then ${plan.end}; flood ${floodBytes}`,
    `  ${shown(plan.body)}`,
    `  whole: ${whole}; says ${JSON.stringify(pieces)?.slice(0, SHOWN_BYTES)}`,
  ].join('\n');
}

function shown(bytes: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('latin1'));
  return bytes.length > SHOWN_BYTES ? `${text}… (${bytes.length} bytes)` : text;
}
