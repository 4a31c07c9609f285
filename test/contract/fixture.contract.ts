import { describe, expect, it } from 'vitest';
import type { EventBatch } from '../../src/contract/event-batch.js';
import type { StreamPart } from '../../src/contract/stream-event.js';
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
      const { bytes, chunks: expected } = fixture;
      const source = sourceOf({ backend: 'fixture' });

      it('gives its chunks', async () => {
        const chunks = await collect(kind.readStream(pieces([bytes]), source, NOT_NOTICED));
        expect(comparable(chunks, expected)).toEqual(expected);
      });

      it('gives the same chunks wherever its bytes are split', async () => {
        const whole = await read([bytes]);
        expect(await read(singleBytes(bytes))).toBe(whole);
        const different: number[] = [];
        for (let at = 1; at < bytes.length; at += 1) {
          const split = await read([bytes.subarray(0, at), bytes.subarray(at)]);
          if (split !== whole) different.push(at);
        }
        expect(different).toEqual([]);
      });

      it('gives the same chunks over a socket', async () => {
        const { length } = bytes;
        const sample = Array.from({ length: 8 }, (_unused, n) => Math.ceil(((n + 1) * length) / 9));
        for (const sizes of [length, 1, 7, ...sample.map((at) => [at])]) {
          test.upstream.script(replays(kind.streamType, bytes, sizes));
          const chunks = comparable(await test.stream(), expected);
          expect(chunks).toEqual(overSocket(fixture));
        }
      });

      async function read(split: readonly Uint8Array[]): Promise<string> {
        const chunks = await collect(kind.readStream(pieces(split), source, NOT_NOTICED));
        const wires = chunks.map(({ wire }) => wire);
        return JSON.stringify([comparable(chunks, expected), wires]);
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
function overSocket({ chunks }: Fixture): object[] {
  return chunks.map((chunk) => ('backend' in chunk ? { ...chunk, backend: 'under-test' } : chunk));
}

async function* pieces(split: readonly Uint8Array[]): AsyncGenerator<Uint8Array, undefined> {
  yield* split;
  return undefined;
}

function singleBytes(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

async function collect(batches: AsyncIterable<EventBatch>): Promise<StreamPart[]> {
  const read: StreamPart[] = [];
  for await (const batch of batches) read.push(...batch);
  return read;
}
