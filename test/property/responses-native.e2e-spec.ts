import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { readResponsesStream } from '../../src/backends/openai/responses/responses-stream.js';
import { GatewayError } from '../../src/contract/gateway-error.js';
import type { JsonObject } from '../../src/contract/json.js';
import type { StreamEvent } from '../../src/contract/stream-event.js';
import { NO_NOTICES } from '../support/attempt-context.js';
import { frame } from '../support/responses-script.js';
import { sourceOf } from '../support/upstream-settings.js';

const FIXTURES = [
  'reasoning-text-calls',
  'hosted-and-custom-tools',
  'refusal',
  'incomplete-length',
].map((name) => eventsIn(join(import.meta.dirname, '../fixtures/responses', `${name}.sse`)));

type Damage = (events: readonly JsonObject[], at: number) => readonly JsonObject[];

const DAMAGES: readonly Damage[] = [
  (events, at) => events.toSpliced(at, 1),
  (events, at) => events.toSpliced(at, 0, events[at]!),
  (events, at) => events.toSpliced(at, 2, ...events.slice(at, at + 2).toReversed()),
  (events, at) => events.slice(0, at),
  ...['output_index', 'item_id', 'content_index', 'delta', 'item', 'part', 'response', 'type'].map(
    (name): Damage =>
      (events, at) => {
        const { [name]: _, ...rest } = events[at]!;
        return events.with(at, rest);
      },
  ),
  ...[0, 1, 7, 'x', null, {}, []].flatMap((value) =>
    ['output_index', 'item_id', 'content_index', 'delta'].map(
      (name): Damage =>
        (events, at) =>
          name in events[at]! ? events.with(at, { ...events[at]!, [name]: value }) : events,
    ),
  ),
];

describe('a streamed response that is damaged in any way', () => {
  it('ends once or fails by name, and what is passed on is read by OpenAI’s client', async () => {
    const damage = fc.tuple(fc.nat(DAMAGES.length - 1), fc.nat(40));
    const plan = fc.tuple(fc.nat(FIXTURES.length - 1), fc.array(damage, { maxLength: 3 }));
    let passed = 0;
    await fc.assert(
      fc.asyncProperty(plan, async ([fixture, damages]) => {
        let events = FIXTURES[fixture]!;
        for (const [n, at] of damages) {
          if (events.length > 0) events = DAMAGES[n]!(events, at % events.length);
        }
        const read = await readAll(events.map(frame).join(''));
        if (!read) return;
        const parts = read.flatMap((event) => event.parts);
        expect(parts[0]!.type).toBe('start');
        expect(parts.filter(({ type }) => type === 'start' || type === 'end')).toHaveLength(2);
        expect(parts.at(-1)!.type).toBe('end');
        if (!read.every(({ native }) => native)) return;
        passed += 1;
        const client = await readByClient(read.map(({ native }) => frame(native!.event)).join(''));
        const end = parts.at(-1)!;
        const isWhole = end.type === 'end' && /^(?:stop|tool_calls)$/.test(end.reason);
        expect(client.status).toBe(isWhole ? 'completed' : 'incomplete');
      }),
      { numRuns: 1500, seed: 14 },
    );
    expect(passed).toBeGreaterThan(100);
  }, 60_000);
});

/** Nothing where it failed by name. */
async function readAll(text: string): Promise<StreamEvent[] | undefined> {
  const read: StreamEvent[] = [];
  try {
    for await (const { events } of readResponsesStream(bytesOf(text), sourceOf(), NO_NOTICES)) {
      read.push(...events);
    }
    return read;
  } catch (error) {
    if (error instanceof GatewayError && error.fault !== 'internal') return undefined;
    throw error;
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array, undefined> {
  yield Buffer.from(text);
  return undefined;
}

function readByClient(body: string) {
  const headers = { 'content-type': 'text/event-stream' };
  const fetch = () => Promise.resolve(new Response(body, { headers }));
  const client = new OpenAI({ apiKey: 'x', baseURL: 'http://upstream.example/v1', fetch });
  return client.responses.stream({ model: 'gpt', input: 'Hi' }).finalResponse();
}

function eventsIn(path: string): readonly JsonObject[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as JsonObject);
}
