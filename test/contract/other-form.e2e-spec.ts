import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anthropic } from '../support/anthropic-script.js';
import { Gateway } from '../support/gateway.js';
import {
  doneLine,
  messageLine,
  ndjson,
  ollama,
  OLLAMA_STREAM_TYPE,
} from '../support/ollama-script.js';
import {
  completion,
  finishChunk,
  openAi,
  OPENAI_STREAM_TYPE,
  reasoningChunk,
  sse,
  toolArgumentsChunk,
  toolCallChunk,
} from '../support/openai-script.js';
import { EVERY_WAY, ROUTE_FORMS } from '../support/route-forms.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { answers, replays } from '../support/upstream-scripts.js';

/** What each kind answers in the form that it was not asked for. */
const OTHER_FORM = {
  openai: {
    whole: openAi.answersText('Hello'),
    streamed: openAi.streamsText(['Hel', 'lo'], { usage: 'own-event' }),
  },
  ollama: { whole: ollama.answersText('Hello'), streamed: ollama.streamsText(['Hel', 'lo']) },
  anthropic: {
    whole: anthropic.answersText('Hello'),
    streamed: anthropic.streamsText(['Hel', 'lo']),
  },
} as const;

const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };

describe('An upstream that answers in the form that it was not asked for', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it.each(EVERY_WAY)('is answered from all the same ($form, $id)', async (way) => {
    const scripts = OTHER_FORM[way.id];
    gateway[way.id].script(way.streams ? scripts.whole : scripts.streamed);
    expect(await way.ask(gateway, way.model)).toMatchObject({ text: 'Hello', isWhole: true });
    expect(await gateway.ended()).toMatchObject({
      endReason: 'completed',
      finishReason: 'stop',
      inputTokens: 9,
      outputTokens: 3,
    });
    expect(gateway[way.id].requests).toHaveLength(1);
  });

  it('has its tool calls and its thoughts in a stream', async () => {
    const message = {
      role: 'assistant',
      content: null,
      reasoning_content: 'Hm.',
      tool_calls: [call],
    };
    const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
    gateway.openai.script(answers({ ...completion(''), choices }));
    const body = await (await gateway.post('/chat/gpt-only', { messages })).text();
    expect(body).toContain('"name":"f","arguments":"{\\"a\\":1}"');
    expect(body).toContain('"text":"Hm."');
    expect(body).toContain('"finishReason":"tool_calls"');
  });

  it('has its tool calls and its thoughts in a whole answer', async () => {
    gateway.openai.script(
      replays(
        OPENAI_STREAM_TYPE,
        [
          reasoningChunk('Hm.'),
          toolCallChunk(0, 'call_1', 'f'),
          toolArgumentsChunk(0, '{"a"'),
          toolArgumentsChunk(0, ':1}'),
          finishChunk({ finishReason: 'tool_calls' }),
          '[DONE]',
        ]
          .map((event) => sse(event))
          .join(''),
      ),
    );
    const response = await gateway.complete({ stream: false });
    expect(await response.json()).toMatchObject({
      choices: [
        {
          message: { reasoning_content: 'Hm.', tool_calls: [call] },
          finish_reason: 'tool_calls',
        },
      ],
    });
  });

  it.each<[string, 'openai' | 'ollama', string, UpstreamScript]>([
    ['a stream', 'openai', 'gpt-only', openAi.streamsTextThenEnds(['Hel'])],
    ['a stream', 'ollama', 'llama3', ollama.streamsTextThenEnds(['Hel'])],
    [
      'lines without a last one',
      'ollama',
      'llama3',
      replays(OLLAMA_STREAM_TYPE, ndjson(messageLine({ content: 'Hel' }))),
    ],
  ])('is cut where %s of kind %s breaks off', async (_, id, model, script) => {
    gateway[id].script(script);
    const answer = await ROUTE_FORMS[2]!.ask(gateway, model);
    expect([answer.failure, answer.isWhole]).toEqual(['upstream_cut', false]);
  });

  it('fails by an error within such a stream', async () => {
    gateway.openai.script(openAi.inBandError({ message: 'Busy', code: 503 }, ['Hel']));
    gateway.ollama.script(ollama.inBandError('boom', ['Hel']));
    for (const model of ['gpt-only', 'llama3']) {
      expect((await ROUTE_FORMS[2]!.ask(gateway, model)).failure).toBe('upstream_unavailable');
    }
  });

  it('is answered from when Ollama says all of it in one line', async () => {
    const line = {
      ...messageLine({ content: 'Hello' }),
      ...doneLine(),
      message: { content: 'Hello' },
    };
    gateway.ollama.script(answers(line));
    expect(await ROUTE_FORMS[0]!.ask(gateway, 'llama3')).toMatchObject({
      text: 'Hello',
      isWhole: true,
    });
  });
});

const messages = [{ role: 'user', content: 'Hi' }];
