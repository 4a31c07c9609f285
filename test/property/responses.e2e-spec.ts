import * as fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/contract/gateway-error.js';
import type { JsonObject } from '../../src/contract/json.js';
import type { FinishReason, StreamPart } from '../../src/contract/stream-event.js';
import { ResponsesEncoder } from '../../src/http/dialects/responses/encode-stream.js';
import { parseResponsesRequest } from '../../src/http/dialects/responses/parse-request.js';
import { strictResponse } from '../support/strict-response.js';
import type { StrictStream } from '../support/strict-stream.js';
import { generationRecord } from '../support/generation-record.js';

const RECORD = generationRecord({ dialect: 'responses' });

const part: fc.Arbitrary<StreamPart> = fc.oneof(
  fc.string().map((text) => ({ type: 'text-delta' as const, text })),
  fc.string().map((text) => ({ type: 'refusal-delta' as const, text })),
  fc.constant({ type: 'image-delta' as const, url: 'data:image/png;base64,AA==' }),
  fc.record({ type: fc.constant('reasoning-delta' as const), text: fc.string() }),
  fc.constantFrom('signature', 'redacted').map((name) => ({
    type: 'reasoning-delta' as const,
    text: '',
    [name]: { provider: 'anthropic' as const, data: 'AAAA' },
  })),
  fc.record({
    type: fc.constant('tool-call-delta' as const),
    index: fc.nat(2),
    // Some servers number the calls of an answer and name them alike.
    id: fc.constant('call'),
    name: fc.constant('f'),
    arguments: fc.constantFrom('', '{', '"a"', ':', '"}"', '1', '}', '{}'),
  }),
);

/** How it ends; nothing: it is cut. */
const ending = fc.constantFrom<FinishReason | undefined>(
  'stop',
  'length',
  'tool_calls',
  'content_filter',
  undefined,
);
const silences = fc.array(fc.nat(30), { maxLength: 5 });
const answer = fc.record({
  parts: fc.array(part, { maxLength: 30 }),
  ending,
  seals: fc.boolean(),
  silences,
});
type Answer = typeof answer extends fc.Arbitrary<infer Value> ? Value : never;

describe('A streamed Response', () => {
  it('keeps its grammar, and all that was said, whatever comes in whatever order, or fails', () => {
    const property = fc.property(answer, (given) => {
      const raw = written(given);
      if (raw instanceof GatewayError) return;
      const stream = strictResponse(raw, given.ending === undefined ? 'cut' : 'clean');
      const said = saidIn(given.parts);
      expect(deltasOf(stream, 'response.output_text.delta')).toBe(said.text);
      expect(deltasOf(stream, 'response.refusal.delta')).toBe(said.refusal);
      expect(deltasOf(stream, 'response.reasoning_summary_text.delta')).toBe(said.reasoning);
    });
    expect(() => fc.assert(property, { numRuns: 1000 })).not.toThrow();
  });

  it('is read by the helper of OpenAI’s own client as its last event has it', async () => {
    const property = fc.asyncProperty(answer, async (given) => {
      const raw = written({ ...given, ending: given.ending ?? 'stop' });
      if (raw instanceof GatewayError) return;
      const { last } = strictResponse(raw, 'clean');
      const { output, status } = last!['response'] as JsonObject;
      const read = await openAiReads(raw);
      expect({ output: plain(read.output), status: read.status }).toEqual({ output, status });
    });
    await expect(fc.assert(property, { numRuns: 300 })).resolves.toBeUndefined();
  });
});

/** All frames, or what its caller is told instead of more. */
function written({ parts, ending: reason, seals, silences: at }: Answer): string | GatewayError {
  const include = seals ? ['reasoning.encrypted_content'] : [];
  const { options } = parseResponsesRequest({ model: 'm', input: 'Hi', include });
  const encoder = new ResponsesEncoder(options, RECORD);
  const frames: string[] = [];
  try {
    for (const [n, each] of parts.entries()) {
      encoder.encode({ parts: [each] }, frames);
      if (at.includes(n)) frames.push(encoder.heartbeat(n * 10_000));
    }
    if (reason) encoder.encode({ parts: [{ type: 'end', reason }] }, frames);
    else frames.push(encoder.failureFrame(new GatewayError('upstream_cut'), { requestId: 'r' }));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    frames.push(encoder.failureFrame(error, { requestId: 'r' }));
    strictResponse(frames.join(''), 'cut');
    return error;
  }
  return frames.join('');
}

function saidIn(parts: readonly StreamPart[]): Record<'text' | 'refusal' | 'reasoning', string> {
  const said = { text: '', refusal: '', reasoning: '' };
  for (const each of parts) {
    if (each.type === 'text-delta') said.text += each.text;
    if (each.type === 'image-delta') said.text += `![image](${each.url})`;
    if (each.type === 'refusal-delta') said.refusal += each.text;
    if (each.type === 'reasoning-delta') said.reasoning += each.text;
  }
  return said;
}

function deltasOf({ events }: StrictStream, name: string): string {
  return events.map(({ type, data }) => (type === name ? String(data['delta']) : '')).join('');
}

async function openAiReads(raw: string): Promise<{ output: unknown; status: unknown }> {
  const headers = { 'content-type': 'text/event-stream' };
  const fetch = () => Promise.resolve(new Response(raw, { headers }));
  const client = new OpenAI({ baseURL: 'http://unused/v1', apiKey: 'x', maxRetries: 0, fetch });
  const { output, status } = await client.responses
    .stream({ model: 'm', input: 'Hi' })
    .finalResponse();
  return { output, status };
}

/** Without what the client adds where a format was asked for. */
function plain(output: unknown): unknown {
  return JSON.parse(JSON.stringify(output), (name, value: unknown) =>
    name === 'parsed' || name === 'parsed_arguments' ? undefined : value,
  );
}
