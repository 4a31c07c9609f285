import { describe, expect, it } from 'vitest';
import { createOllamaBackend } from '../../src/backends/ollama/ollama.backend.js';
import { readOllamaStream } from '../../src/backends/ollama/ollama-stream.js';
import { failure } from '../support/failure.js';
import {
  doneLine,
  messageLine,
  ndjson,
  ollama,
  OLLAMA_STREAM_TYPE,
} from '../support/ollama-script.js';
import { answers, failsWith, replays } from '../support/upstream-scripts.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest } from './backend-under-test.js';
import { describeChatBackend } from './chat-backend.contract.js';

const callOf = (args: unknown) => ({ function: { name: 'sum', arguments: args } });

const kind: BackendKind = {
  name: 'Ollama',
  create: (settings) => createOllamaBackend(settings),
  baseUrlOf: (upstream) => upstream.url,
  scripts: ollama,
  keyHeader: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  stopWord: 'stop',
  finishing: (doneReason) => ({ doneReason }),
  abortedWith: (text) => ndjson(doneLine({ doneReason: 'abort' }, text)),
  streamsCounts: (input) =>
    replays(
      OLLAMA_STREAM_TYPE,
      ndjson(messageLine({ content: 'Hi' })) + ndjson({ ...doneLine(), prompt_eval_count: input }),
    ),
  streamType: OLLAMA_STREAM_TYPE,
  event: (json) => `${json}\n`,
  answersWith: [
    (value) => ({ ...doneLine({}, 'Hi'), unknown: value }),
    (value) => ({ ...doneLine(), message: { content: value } }),
    (value) => ({ ...doneLine(), message: { tool_calls: [callOf(value)] } }),
  ],
  eventsWith: [
    (value) => ({ ...messageLine({ content: 'lo' }), unknown: value }),
    (value) => messageLine({ content: value }),
    (value) => messageLine({ tool_calls: [callOf(value)] }),
  ],
  textEvent: (text) => ndjson(messageLine({ content: text })),
  finishEvent: ndjson(doneLine()),
  brokenEvent: '{"model":"llama-test","message":{"con\n',
  noise: 'ping\n',
  meaningless: '\n \r\n{"unknown":true}\n42\n"ping"\n',
  errorBody: (message) => ({ error: message }),
  hasErrorCodes: false,
  inBandErrors: [
    [
      'a failed model',
      'an error was encountered while running the model at sk-secret-123: unexpected EOF',
      'upstream_unavailable',
    ],
    ['an exhausted quota', "you've reached your hourly usage limit", 'quota_exhausted'],
  ],
  fixtures: { folder: 'ollama', extension: 'ndjson' },
  readStream: readOllamaStream,
};

describeChatBackend(kind);

describe('the Ollama backend, beside what all have in common,', () => {
  const test = new BackendUnderTest(kind);

  it('takes a plain answer that is not done for a cut', async () => {
    for (const done of [false, undefined]) {
      test.upstream.script(answers({ ...doneLine({}, 'Half of it'), done }));
      expect((await failure(test.complete())).fault).toBe('upstream_cut');
    }
  });

  it.each([
    [5, { text: '5' }],
    [
      [
        { type: 'thinking', thinking: 'Hm.' },
        { type: 'text', text: 'A' },
      ],
      { text: 'A', reasoning: 'Hm.' },
    ],
  ])('reads the content of a plain answer like that of a stream: %j', async (content, answer) => {
    test.upstream.script(answers({ ...doneLine(), message: { role: 'assistant', content } }));
    expect(await test.complete()).toMatchObject(answer);
  });

  it('speaks the native chat API', async () => {
    test.upstream.script(ollama.streamsText(['Hi']), ollama.answersText('Hi'));
    await test.stream();
    await test.complete();
    expect(test.upstream.requests.map(({ path, body }) => [path, body['stream']])).toEqual([
      ['/api/chat', true],
      // Absent would mean true.
      ['/api/chat', false],
    ]);
    expect(test.upstream.requests[0]!.body['messages']).toEqual([
      { role: 'user', content: 'Say hello.' },
    ]);
  });

  it('says how to get a model that is missing', async () => {
    test.upstream.script(failsWith(404, { error: 'model "asked-model" not found' }));
    const error = await failure(test.open());
    expect(error.fault).toBe('upstream_model_missing');
    expect(error.message).toContain('ollama pull asked-model');
  });

  it('leaves unknown counts out instead of reporting 0', async () => {
    test.upstream.script(ollama.streamsText(['Hi'], { counts: false }));
    const end = (await test.stream()).at(-1);
    expect(end).toMatchObject({ type: 'end', usage: { input: undefined, output: undefined } });
  });

  it('takes a done without a reason for an answer', async () => {
    const { done_reason: _, ...done } = doneLine();
    test.upstream.script(
      replays(OLLAMA_STREAM_TYPE, ndjson(messageLine({ content: 'Hi' })) + ndjson(done)),
    );
    expect((await test.stream()).at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
  });
});
