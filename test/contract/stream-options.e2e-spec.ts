import { describe, expect, it } from 'vitest';
import { createOpenAiBackend } from '../../src/backends/openai/openai.backend.js';
import { contextOf } from '../support/attempt-context.js';
import { failure } from '../support/failure.js';
import { openAi, openAiError } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { failsWith } from '../support/upstream-scripts.js';
import { all, BackendUnderTest, REQUEST, TARGET, textOf } from './backend-under-test.js';

/** Answers only those that do not send the field. */
const refusing =
  (status: number, body: unknown): UpstreamScript =>
  (exchange) =>
    ('stream_options' in exchange.request.body
      ? failsWith(status, body)
      : openAi.streamsText(['Hello']))(exchange);

const REFUSALS: readonly (readonly [string, number, unknown])[] = [
  ['OpenAI', 400, openAiError('Unrecognized request argument supplied: stream_options')],
  ['Fireworks', 400, openAiError("Extra inputs are not permitted, field: 'stream_options'")],
  [
    'Azure',
    400,
    openAiError('Validation error at #/stream_options: Extra inputs are not permitted'),
  ],
  [
    'Azure ML',
    400,
    {
      detail:
        "Extra parameters ['stream_options'] are not allowed when extra-parameters is not set.",
    },
  ],
  [
    'Mistral',
    422,
    {
      object: 'error',
      message: {
        detail: [
          {
            type: 'extra_forbidden',
            loc: ['body', 'stream_options'],
            msg: 'Extra inputs are not permitted',
            input: { include_usage: true },
          },
        ],
      },
      type: 'invalid_request_error',
    },
  ],
  [
    'vLLM',
    400,
    {
      object: 'error',
      message:
        "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted', 'input': {'include_usage': True}}]",
      type: 'BadRequestError',
      code: 400,
    },
  ],
  ['a relay', 400, openAiError('bad', { param: 'stream_options' })],
];

describe('a server that refuses stream_options', () => {
  const test = new BackendUnderTest({
    create: (settings) => createOpenAiBackend(settings),
    baseUrlOf: (upstream) => upstream.openaiUrl,
  });
  const asked = () => test.upstream.requests.map(({ body }) => 'stream_options' in body);

  it.each(REFUSALS)(
    'is asked once more without them, and then never again with them: %s',
    async (_, status, body) => {
      test.upstream.script(refusing(status, body));
      expect(textOf(await test.stream())).toBe('Hello');
      expect(textOf(await test.stream())).toBe('Hello');
      expect(asked()).toEqual([true, false, false]);
    },
  );

  it('is believed only when it answers without them', async () => {
    test.upstream.script(
      failsWith(400, openAiError('stream_options and everything else is wrong')),
    );
    await failure(test.open());
    await failure(test.open());
    expect(asked()).toEqual([true, false, true, false]);
  });

  it('is not asked again for what a caller put into them', async () => {
    const body = { messages: [], stream_options: { bogus: 1 } };
    const native = { dialect: 'chat-completions', body } as const;
    const request = { ...REQUEST, native };
    test.upstream.script(
      failsWith(
        400,
        openAiError("Unknown parameter: 'stream_options.bogus'.", { code: 'unknown_parameter' }),
      ),
      openAi.streamsText(['Hello']),
    );
    const error = await failure(test.backend.open(request, TARGET, contextOf()));
    expect(error.message).toContain('stream_options.bogus');
    await all(await test.open());
    expect(asked()).toEqual([true, true]);
  });

  it('is asked once for any other field that it refuses', async () => {
    test.upstream.script(failsWith(400, openAiError("Unknown parameter: 'foo'.")));
    await failure(test.open());
    expect(asked()).toEqual([true]);
  });
});
