import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { Gauge } from 'prom-client';
import type { GenerationObserver, GenerationRecord } from '../contract/generation.js';
import { type Wait, WAITED_FOR } from '../contract/waits.js';
import { reportOf, type StreamReport } from './stream-report.js';

/** Streams that have ended and are kept. One with all its waits takes 5 KB, and 0.7 KB for each attempt more. */
export const MAX_ENDED = 1000;

/** One stream, as it was or as it is. */
export interface RecordedStream extends StreamReport {
  readonly state: 'open' | 'ended';
  readonly startedAt: Date;
  /** Characters of content passed on. */
  readonly contentChars: number;
  /** Of the request, as it was read. */
  readonly requestBytes?: number | undefined;
  /** Who is asked now, `backend/model`, also before it answers. */
  readonly asking?: string | undefined;
  /** The wait that goes on. */
  readonly waitingFor?: Wait | undefined;
  /** The longest ones, in their order. */
  readonly waits: readonly Wait[];
}

export interface StreamFilter {
  readonly state?: 'open' | 'ended' | undefined;
  readonly caller?: string | undefined;
  readonly model?: string | undefined;
  readonly endReason?: string | undefined;
}

/** The streams that are open and the last that have ended: never what was asked, or answered. */
@Injectable()
export class FlightRecorder implements Partial<GenerationObserver> {
  readonly #open = new Map<string, GenerationRecord>();
  /** From the oldest on. */
  readonly #ended: RecordedStream[] = [];

  constructor(@InjectMetric('llm_streams_waiting') private readonly waiting: Gauge) {}

  generationStarted(record: GenerationRecord): void {
    this.#open.set(record.id, record);
  }

  generationEnded(record: GenerationRecord): void {
    this.#open.delete(record.id);
    this.#ended.push(recordedOf(record));
    if (this.#ended.length > MAX_ENDED) this.#ended.shift();
  }

  /** At most `limit` of those that match, the youngest first and open ones before all others. */
  streams(filter: StreamFilter, limit: number): RecordedStream[] {
    const streams: RecordedStream[] = [];
    for (const stream of this.#all(filter.state)) {
      if (streams.length === limit) break;
      if (matches(stream, filter)) streams.push(stream);
    }
    return streams;
  }

  /**
   * At most `limit` of the open ones, the youngest first. Where there are more, those whose wait goes
   * on for longest: of many streams that flow the one that hangs must not be left out.
   */
  open(limit: number): RecordedStream[] {
    const records = this.#running();
    if (records.length <= limit) return records.map(recordedOf);
    const byWait = records
      .map((record) => ({ record, ms: record.waits.current.ms }))
      .toSorted((one, other) => other.ms - one.ms);
    const longest = new Set(byWait.slice(0, limit).map(({ record }) => record));
    return records.filter((record) => longest.has(record)).map(recordedOf);
  }

  /** @param id of the stream, not of its request */
  find(id: string): RecordedStream | undefined {
    const open = this.#open.get(id);
    return open ? recordedOf(open) : this.#ended.find(({ streamId }) => streamId === id);
  }

  /** Sets the metric of who is waited for: it is read when somebody looks, not kept for every wait. */
  countWaiting(): void {
    for (const on of WAITED_FOR) this.waiting.set({ on }, 0);
    for (const { waits } of this.#running()) this.waiting.inc({ on: waits.current.on });
  }

  /** One that has its end may wait for its caller to take the rest of it: it is not open any more. */
  #running(): GenerationRecord[] {
    const open = [...this.#open.values()].toReversed();
    return open.filter(({ endReason }) => endReason === undefined);
  }

  *#all(state: StreamFilter['state']): Generator<RecordedStream> {
    for (const record of [...this.#open.values()].toReversed()) yield recordedOf(record);
    if (state !== 'open') yield* this.#ended.toReversed();
  }
}

function matches(
  stream: RecordedStream,
  { state, caller, model, endReason }: StreamFilter,
): boolean {
  return (
    (state === undefined || stream.state === state) &&
    (caller === undefined || stream.caller === caller) &&
    (model === undefined || stream.model === model) &&
    (endReason === undefined || stream.endReason === endReason)
  );
}

function recordedOf(record: GenerationRecord): RecordedStream {
  const { endReason, waits, contentChars, requestBytes, asking } = record;
  const isOpen = endReason === undefined;
  return {
    ...reportOf(record),
    state: isOpen ? 'open' : 'ended',
    startedAt: record.startedAt,
    contentChars,
    ...(requestBytes !== undefined && { requestBytes }),
    ...(isOpen && asking && { asking: `${asking.backend}/${asking.model}` }),
    ...(isOpen && { waitingFor: inWholeMs(waits.current) }),
    waits: waits.longest.map(inWholeMs),
  };
}

function inWholeMs({ on, atMs, ms }: Wait): Wait {
  return { on, atMs: Math.round(atMs), ms: Math.round(ms) };
}
