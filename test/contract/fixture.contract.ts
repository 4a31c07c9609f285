import { describe, expect, it } from 'vitest';
import type { EventBatch } from '../../src/contract/event-batch.js';
import type { StreamEvent } from '../../src/contract/stream-event.js';
import { sourceOf } from '../support/upstream-settings.js';
import { replays } from '../support/upstream-scripts.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest } from './backend-under-test.js';
import { comparable, type Fixture, fixturesOf } from './fixtures.js';

/** Where the network splits an answer must not matter, not even within a character. */
export function fixtureContract(kind: BackendKind): void {
  describe.each(fixturesOf(kind).map((fixture) => [fixture.name, fixture] as const))(
    'reading the fixture %s',
    (_, fixture) => {
      const test = new BackendUnderTest(kind);
      const { bytes, parts: expected } = fixture;
      const source = sourceOf({ backend: 'fixture' });

      it('gives its parts', async () => {
        const events = await collect(kind.readStream(pieces([bytes]), source, NOT_NOTICED));
        const parts = events.flatMap((event) => event.parts);
        expect(comparable(parts, expected)).toEqual(expected);
      });

      it('gives the same parts wherever its bytes are split', async () => {
        const whole = await read([bytes]);
        expect(await read(singleBytes(bytes))).toBe(whole);
        const different: number[] = [];
        for (let at = 1; at < bytes.length; at += 1) {
          const split = await read([bytes.subarray(0, at), bytes.subarray(at)]);
          if (split !== whole) different.push(at);
        }
        expect(different).toEqual([]);
      });

      it('gives the same parts over a socket', async () => {
        const { length } = bytes;
        const sample = Array.from({ length: 8 }, (_unused, n) => Math.ceil(((n + 1) * length) / 9));
        for (const sizes of [length, 1, 7, ...sample.map((at) => [at])]) {
          test.upstream.script(replays(kind.streamType, bytes, sizes));
          const parts = comparable(await test.stream(), expected);
          expect(parts).toEqual(overSocket(fixture));
        }
      });

      async function read(split: readonly Uint8Array[]): Promise<string> {
        const events = await collect(kind.readStream(pieces(split), source, NOT_NOTICED));
        const parts = events.flatMap((event) => event.parts);
        const natives = events.map(({ native }) => native);
        return JSON.stringify([comparable(parts, expected), natives]);
      }
    },
  );
}

const noticed = (): never => {
  throw new Error('Something in the fixture was taken for noise.');
};
const NOT_NOTICED = {
  malformedEvent: noticed,
  unknownFinishReason: noticed,
  implausibleUsage: noticed,
};

/** The backend under test has another id than the fixtures say. */
function overSocket({ parts }: Fixture): object[] {
  return parts.map((part) => ('backend' in part ? { ...part, backend: 'under-test' } : part));
}

async function* pieces(split: readonly Uint8Array[]): AsyncGenerator<Uint8Array, undefined> {
  yield* split;
  return undefined;
}

function singleBytes(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

async function collect(batches: AsyncIterable<EventBatch>): Promise<StreamEvent[]> {
  const read: StreamEvent[] = [];
  for await (const { events } of batches) read.push(...events);
  return read;
}
