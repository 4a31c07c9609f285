import { ANONYMOUS } from '../../src/contract/caller.js';
import type { GenerationRecord } from '../../src/contract/generation.js';
import type { Waits } from '../../src/contract/waits.js';

/** Nothing was waited for. */
const NO_WAITS: Waits = {
  current: { on: 'sluice', atMs: 0, ms: 0 },
  ms: { queue: 0, backoff: 0, connect: 0, first_content: 0, upstream: 0, caller: 0, sluice: 0 },
  msByBackend: new Map(),
  longest: [],
};

/** The record of a generation, as whoever is told of one gets it. */
export function generationRecord(fields: Partial<GenerationRecord> = {}): GenerationRecord {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    requestId: 'req-1',
    caller: ANONYMOUS,
    address: '127.0.0.1',
    model: 'gpt',
    dialect: 'chat-completions',
    streaming: true,
    attempts: [],
    attemptsBegun: 0,
    recoveries: [],
    ignored: [],
    contentParts: 0,
    contentChars: 0,
    startedAt: new Date(0),
    waits: NO_WAITS,
    durationMs: 1,
    ...fields,
  };
}
