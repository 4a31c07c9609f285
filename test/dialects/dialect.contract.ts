import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANONYMOUS } from '../../src/contract/caller.js';
import { ALL_FAULTS } from '../../src/contract/faults.js';
import { GatewayError } from '../../src/contract/gateway-error.js';
import type { GenerationRecord } from '../../src/contract/generation.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { SseReader } from '../support/sse-reader.js';
import type { StrictStream } from '../support/strict-stream.js';
import { failsWith } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';
import type { DialectKind } from './dialect-kind.js';

const HEARTBEAT_MS = 20;
/** Long enough for some heartbeats. */
const SILENCE_MS = 150;

const NOT_CONFIGURED =
  'The model "nobody" is not configured here. GET /v1/models lists those that can be asked for.';

const ABOUT = { requestId: 'req-1' };
const RECORD: GenerationRecord = {
  id: '00000000-0000-4000-8000-000000000000',
  requestId: ABOUT.requestId,
  caller: ANONYMOUS,
  address: '127.0.0.1',
  model: 'gpt',
  streaming: true,
  attempts: [],
  attemptsBegun: 0,
  recoveries: [],
  ignored: [],
  contentParts: 0,
  durationMs: 1,
};

/** What every dialect has to do, whatever its protocol. */
export function describeDialect<Options, Frame>(kind: DialectKind<Options, Frame>): void {
  const { dialect } = kind;

  describe(`the dialect ${dialect.name}`, () => {
    let gateway: Gateway;
    beforeEach(async () => {
      gateway = await Gateway.start({ streams: { heartbeatMs: HEARTBEAT_MS } });
    });
    afterEach(() => gateway.close());

    it.each(['openai', 'ollama'] as const)(
      'says an answer of %s in order, then one end',
      async (id) => {
        const tokens = ['Hel', 'lo', ' 👩‍💻'];
        gateway.openai.script(openAi.streamsText(tokens));
        gateway.ollama.script(ollama.streamsText(tokens));
        const stream = await read(id === 'openai' ? 'gpt-only' : 'llama3');
        expect([kind.textOf(stream), stream.terminal]).toEqual(['Hello 👩‍💻', 'done']);
        expect(stream.events.length).toBeGreaterThanOrEqual(tokens.length);
      },
    );

    it.each<[string, UpstreamScript, string]>([
      ['is cut', openAi.streamsTextThenCuts(['Hel', 'lo']), 'upstream_cut'],
      ['just ends', openAi.streamsTextThenEnds(['Hel', 'lo']), 'upstream_cut'],
      ['fails', openAi.inBandError({ message: 'x' }, ['Hel', 'lo']), 'upstream_unavailable'],
    ])('says last that an answer failed which %s', async (_, script, fault) => {
      gateway.openai.script(script);
      const response = await kind.ask(gateway, 'gpt-only');
      const stream = await strictlyRead(response, kind.failedEnd);
      expect([kind.textOf(stream), stream.terminal]).toEqual(['Hello', 'failed']);
      expect(kind.wordsIn(stream.last!)).toMatchObject({
        code: fault,
        requestId: response.headers.get('x-request-id'),
      });
    });

    it('refuses a request with the status of its fault and a body of its own', async () => {
      const response = await kind.ask(gateway, 'nobody');
      const body: unknown = await response.json();
      const error = new GatewayError('model_not_found', NOT_CONFIGURED, { param: 'model' });
      expect(response.status).toBe(404);
      const requestId = response.headers.get('x-request-id')!;
      expect(body).toEqual(dialect.failure(error, { requestId }));
    });

    it.each(ALL_FAULTS)('has words for %s before its stream and in it', (fault) => {
      const error = new GatewayError(fault, 'What is wrong.');
      expect(error.status).toBeGreaterThanOrEqual(400);
      const body = JSON.stringify(dialect.failure(error, ABOUT));
      expect(body).toContain('What is wrong.');
      expect(body).toContain(ABOUT.requestId);

      const encoder = dialect.encoder(dialect.read(kind.request).options, RECORD);
      const words = kind.wordsIn(kind.parseFrame(encoder.failureFrame(error, ABOUT)));
      expect(words).toEqual({
        code: kind.codeOf(fault),
        message: 'What is wrong.',
        requestId: ABOUT.requestId,
      });
    });

    it('names who was asked in vain, before its stream and in it', () => {
      const attempt = { backend: 'openai', model: 'gpt', contentParts: 0, durationMs: 1 };
      const record = { ...RECORD, attempts: [{ ...attempt, outcome: 'upstream_cut' as const }] };
      const error = new GatewayError('upstream_cut');
      const encoder = dialect.encoder(dialect.read(kind.request).options, record);
      const about = { ...ABOUT, record };
      for (const said of [
        dialect.failure(error, about),
        kind.parseFrame(encoder.failureFrame(error, about)),
      ]) {
        const attempts = [{ backend: 'openai', fault: 'upstream_cut' }];
        expect(JSON.stringify(said)).toContain(`"attempts":${JSON.stringify(attempts)}`);
      }
    });

    it('fills silence with what the official client skips', async () => {
      gateway.openai.script(silentBetween('Hel', 'lo'));
      const reader = new SseReader(await kind.ask(gateway, 'gpt-only'));
      await within(reader.all(), 'the stream ends');
      const encoder = dialect.encoder(dialect.read(kind.request).options, RECORD);
      expect(reader.raw.split(encoder.heartbeat()).length).toBeGreaterThan(2);
      expect(await within(kind.askOfficially(gateway, 'gpt-only'), 'the client is done')).toBe(
        'Hello',
      );
    });

    it(`${kind.passesOpenAiEvents ? 'passes on' : 'rebuilds'} the events of an OpenAI upstream`, async () => {
      gateway.openai.script(openAi.streamsText(['Hello'], { fields: { x_new: 1 } }));
      const { events } = await read('gpt-only');
      const passed = events.filter(({ data }) => data['x_new'] === 1);
      expect(passed).toHaveLength(kind.passesOpenAiEvents ? events.length : 0);
    });

    it('rebuilds the events of an upstream that speaks no dialect of callers', async () => {
      gateway.ollama.script(ollama.streamsText(['Hello']));
      const { events } = await read('llama3');
      expect(events.map(({ data }) => Object.keys(data))).not.toContainEqual(
        expect.arrayContaining(['done']),
      );
      expect(kind.textOf({ events, terminal: 'done', last: undefined })).toBe('Hello');
    });

    it('gives way to another target, whose native events are told as well', async () => {
      gateway.openai.script(failsWith(500, openAiError('no')));
      gateway.ollama.script(ollama.streamsText(['Hello']));
      expect(kind.textOf(await read('gpt-4o'))).toBe('Hello');
    });

    async function read(model: string): Promise<StrictStream> {
      return strictlyRead(await kind.ask(gateway, model), 'clean');
    }

    async function strictlyRead(response: Response, end: 'clean' | 'cut'): Promise<StrictStream> {
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
      const reader = new SseReader(response);
      await within(reader.all(), 'the stream ends');
      expect(reader.ended).toBe(end);
      return kind.readStrictly(reader.raw, end);
    }
  });
}

function silentBetween(first: string, second: string): UpstreamScript {
  return async (exchange) => {
    const step = openAi.stepper();
    await step.script(exchange);
    await step.next(first);
    await pause(SILENCE_MS);
    await step.next(second);
    await step.finish();
  };
}
