import {
  anthropicError,
  anthropicEvent,
  ANTHROPIC_STREAM_TYPE,
  blockDelta,
  blockStart,
  blockStop,
  message,
  MESSAGE_STOP,
  messageDelta,
  messageStart,
  textDelta,
} from '../support/anthropic-script.js';
import {
  doneLine,
  messageLine,
  ndjson,
  ollama,
  OLLAMA_STREAM_TYPE,
  toolCallsLine,
} from '../support/ollama-script.js';
import {
  completionWith,
  contentChunk,
  finishChunk,
  openAi,
  openAiError,
  OPENAI_STREAM_TYPE,
  reasoningChunk,
  sse,
  toolArgumentsChunk,
  toolCallChunk,
} from '../support/openai-script.js';
import { anthropic } from '../support/anthropic-script.js';
import type { UpstreamKind } from '../support/route-forms.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { answers, replays } from '../support/upstream-scripts.js';

interface Answers {
  /** Reasoning "Hm.", then the text "Hello". */
  readonly thinks: UpstreamScript;
  /** A streamed call of `weather` with the city Bern. */
  readonly calls: UpstreamScript;
  /** The whole answer `{"city":"Bern"}`. */
  readonly places: UpstreamScript;
  /** The body of a 400. */
  readonly refusal: object;
  /** "It is sunny.", in the form that is asked for. */
  readonly tells: UpstreamScript;
}

const CALL = [
  toolCallChunk(0, 'call_1', 'weather'),
  toolArgumentsChunk(0, '{"city":'),
  toolArgumentsChunk(0, '"Bern"}'),
  finishChunk({ finishReason: 'tool_calls' }),
  '[DONE]',
];

const TOLD = 'It is sunny.';
const PLACE = '{"city":"Bern"}';
const REFUSED = 'voice: there is no such voice';

const eitherForm =
  (streamed: UpstreamScript, whole: UpstreamScript): UpstreamScript =>
  (exchange) =>
    exchange.request.body['stream'] ? streamed(exchange) : whole(exchange);

const openAiEvents = (...all: readonly unknown[]) =>
  replays(OPENAI_STREAM_TYPE, all.map((each) => sse(each)).join(''));

const events = (...all: readonly object[]) =>
  replays(ANTHROPIC_STREAM_TYPE, all.map((each) => anthropicEvent({ ...each })).join(''));

/** What each kind of upstream says, in its own words. */
export const ANSWERS: Readonly<Record<UpstreamKind['id'], Answers>> = {
  openai: {
    places: openAi.answersText(PLACE),
    refusal: openAiError(REFUSED, { type: 'invalid_request_error' }),
    thinks: openAiEvents(reasoningChunk('Hm.'), contentChunk('Hello'), finishChunk(), '[DONE]'),
    calls: openAiEvents(...CALL),
    tells: eitherForm(openAi.streamsText([TOLD]), openAi.answersText(TOLD)),
  },
  ollama: {
    places: ollama.answersText(PLACE),
    refusal: { error: REFUSED },
    thinks: replays(
      OLLAMA_STREAM_TYPE,
      [messageLine({ thinking: 'Hm.' }), messageLine({ content: 'Hello' }), doneLine()]
        .map((each) => ndjson(each))
        .join(''),
    ),
    calls: replays(
      OLLAMA_STREAM_TYPE,
      [toolCallsLine([{ name: 'weather', arguments: { city: 'Bern' } }]), doneLine()]
        .map((each) => ndjson(each))
        .join(''),
    ),
    tells: eitherForm(ollama.streamsText([TOLD]), ollama.answersText(TOLD)),
  },
  anthropic: {
    places: anthropic.answersText(PLACE),
    refusal: anthropicError(REFUSED, 'invalid_request_error'),
    thinks: events(
      messageStart(),
      blockStart(0, { type: 'thinking', thinking: '', signature: '' }),
      blockDelta(0, { type: 'thinking_delta', thinking: 'Hm.' }),
      blockDelta(0, { type: 'signature_delta', signature: 'c2ln' }),
      blockStop(0),
      blockStart(1),
      textDelta('Hello', 1),
      blockStop(1),
      messageDelta(),
      MESSAGE_STOP,
    ),
    calls: events(
      messageStart(),
      blockStart(0, { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }),
      blockDelta(0, { type: 'input_json_delta', partial_json: '{"city":' }),
      blockDelta(0, { type: 'input_json_delta', partial_json: '"Bern"}' }),
      blockStop(0),
      messageDelta('tool_use'),
      MESSAGE_STOP,
    ),
    tells: eitherForm(
      anthropic.streamsText([TOLD]),
      answers(message([{ type: 'text', text: TOLD }])),
    ),
  },
};

/** A text and a call in one answer, which a client may refer to in its second turn. */
export const SAYS_AND_CALLS = {
  whole: answers(
    completionWith({
      content: 'I look.',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'weather', arguments: PLACE } },
      ],
    }),
  ),
  streamed: openAiEvents(contentChunk('I look.'), ...CALL),
};
