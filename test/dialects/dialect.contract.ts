import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALL_FAULTS } from '../../src/contract/faults.js';
import { GatewayError } from '../../src/contract/gateway-error.js';
import type { GenerationRecord } from '../../src/contract/generation.js';
import type { JsonObject } from '../../src/contract/json.js';
import type { StreamEncoder } from '../../src/http/dialects/dialect.js';
import { anthropic } from '../support/anthropic-script.js';
import { BodyReader } from '../support/body-reader.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import type { BodyEnd, StrictStream } from '../support/strict-stream.js';
import { failsWith } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';
import type { DialectKind, FailureWords } from './dialect-kind.js';
import { generationRecord } from '../support/generation-record.js';

const HEARTBEAT_MS = 20;

const NOT_CONFIGURED =
  'The model "nobody" is not configured here. GET /v1/models lists those that can be asked for.';

/** Of each kind of upstream alone. */
const MODELS = { openai: 'gpt-only', ollama: 'llama3', anthropic: 'claude' } as const;

const ABOUT = { requestId: 'req-1' };

/** What every dialect has to do, whatever its protocol. */
export function describeDialect<Options, Frame>(kind: DialectKind<Options, Frame>): void {
  const { dialect } = kind;
  const RECORD = generationRecord({ dialect: dialect.name });

  describe(`the dialect ${dialect.name}`, () => {
    let gateway: Gateway;
    beforeEach(async () => {
      gateway = await Gateway.start({ streams: { heartbeatMs: HEARTBEAT_MS } });
    });
    afterEach(() => gateway.close());

    it.each(['openai', 'ollama', 'anthropic'] as const)(
      'says an answer of %s in order, then one end',
      async (id) => {
        const tokens = ['Hel', 'lo', ' 👩‍💻'];
        gateway.openai.script(openAi.streamsText(tokens));
        gateway.ollama.script(ollama.streamsText(tokens));
        gateway.anthropic.script(anthropic.streamsText(tokens));
        const stream = await read(MODELS[id]);
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
      const requestId = response.headers.get('x-request-id');
      expect(kind.wordsIn(stream.last!)).toMatchObject(told({ code: fault, requestId }));
    });

    it('refuses a request with the status of its fault and a body of its own', async () => {
      const response = await kind.ask(gateway, 'nobody');
      const body: unknown = await response.json();
      const error = new GatewayError('model_not_found', NOT_CONFIGURED, { param: 'model' });
      expect(response.status).toBe(404);
      const requestId = response.headers.get('x-request-id')!;
      expect(body).toEqual(dialect.failure(error, { requestId, status: response.status }).body);
    });

    it.each(ALL_FAULTS)('has words for %s before its stream and in it', (fault) => {
      const error = new GatewayError(fault, 'What is wrong.');
      expect(error.status).toBeGreaterThanOrEqual(400);
      const said = { message: 'What is wrong.', requestId: ABOUT.requestId };
      expect(kind.wordsIn(asSent(dialect.failure(error, ABOUT).body))).toMatchObject(told(said));

      const words = kind.wordsIn(kind.parseFrame(encoderOf(RECORD).failureFrame(error, ABOUT)));
      expect(words).toEqual(told({ ...said, code: kind.codeOf(fault) }));
    });

    it('names who was asked in vain, before its stream and in it', () => {
      const attempt = { backend: 'openai', model: 'gpt', contentParts: 0, durationMs: 1 };
      const record = { ...RECORD, attempts: [{ ...attempt, outcome: 'upstream_cut' as const }] };
      const error = new GatewayError('upstream_cut');
      const about = { ...ABOUT, record };
      for (const said of [
        asSent(dialect.failure(error, about).body),
        kind.parseFrame(encoderOf(record).failureFrame(error, about)),
      ]) {
        const attempts = [{ backend: 'openai', fault: 'upstream_cut' }];
        expect(kind.wordsIn(said)).toMatchObject(told({ attempts }));
      }
    });

    it('fills silence with what the official client skips', async () => {
      const [official, ours] = [openAi.stepper(), openAi.stepper()];
      gateway.openai.script(official.script, ours.script);
      const text = kind.askOfficially(gateway, 'gpt-only');
      await official.next('Hel');
      const asking = kind.ask(gateway, 'gpt-only');
      await ours.next('Hel');
      const reader = new BodyReader(await asking);
      // The client, which was first, has had as many by then.
      const encoder = encoderOf(RECORD);
      // The first may be what opens the stream.
      encoder.heartbeat(0);
      const beats = encoder.heartbeat(0);
      while (reader.raw.split(beats).length <= 4) {
        if (reader.ended) throw new Error(`The stream ended: ${reader.raw}`);
        await within(reader.next(), 'a heartbeat comes');
      }
      for (const step of [ours, official]) {
        await step.next('lo');
        await step.finish();
      }
      await within(reader.all(), 'the stream ends');
      const stream = kind.readStrictly(reader.raw, reader.ended!);
      expect([kind.textOf(stream), stream.terminal]).toEqual(['Hello', 'done']);
      expect(await within(text, 'the client is done')).toBe('Hello');
    });

    it.each(['openai', 'ollama', 'anthropic'] as const)(
      'passes on the events of %s if that speaks this dialect, and rebuilds them if not',
      async (id) => {
        const fields = { x_new: 1 };
        gateway.openai.script(openAi.streamsText(['Hello'], { fields }));
        gateway.ollama.script(ollama.streamsText(['Hello'], { fields }));
        gateway.anthropic.script(anthropic.streamsText(['Hello'], { fields }));
        const stream = await read(MODELS[id]);
        const passed = stream.events.filter(({ data }) => data['x_new'] === 1);
        expect(passed).toHaveLength(kind.nativeUpstream === id ? stream.events.length : 0);
        expect(kind.textOf(stream)).toBe('Hello');
      },
    );

    it('gives way to another target, whose native events are told as well', async () => {
      gateway.openai.script(failsWith(500, openAiError('no')));
      gateway.ollama.script(ollama.streamsText(['Hello']));
      expect(kind.textOf(await read('gpt-4o'))).toBe('Hello');
    });

    async function read(model: string): Promise<StrictStream> {
      return strictlyRead(await kind.ask(gateway, model), 'clean');
    }
  });

  async function strictlyRead(response: Response, end: BodyEnd): Promise<StrictStream> {
    expect(response.status).toBe(200);
    expect(mediaType(response.headers.get('content-type'))).toBe(mediaType(dialect.contentType));
    const reader = new BodyReader(response);
    await within(reader.all(), 'the stream ends');
    expect(reader.ended).toBe(end);
    return kind.readStrictly(reader.raw, end);
  }

  function encoderOf(record: GenerationRecord): StreamEncoder<Frame> {
    return dialect.encoder(dialect.read(kind.request, {}).options, record);
  }

  /** `words`, as far as the protocol has a place for them. */
  function told(words: Partial<FailureWords>): object {
    const lacking: ReadonlySet<string> = new Set(kind.wordsLacking);
    return Object.fromEntries(Object.entries(words).filter(([name]) => !lacking.has(name)));
  }
}

function mediaType(contentType: string | null): string | undefined {
  return contentType?.split(';')[0];
}

/** As JSON has it: what is absent is not there. */
function asSent(body: object): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject;
}
