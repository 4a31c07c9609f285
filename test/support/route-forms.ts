import { stringOr } from '../../src/contract/json.js';
import { anthropic } from './anthropic-script.js';
import { BodyReader } from './body-reader.js';
import { chatEvents, textOf } from './chat-events.js';
import { readCompletion } from './chat-completions.js';
import type { Gateway } from './gateway.js';
import { ollama } from './ollama-script.js';
import { openAi } from './openai-script.js';
import type { UpstreamScript } from './scripted-upstream.js';
import { strictMessage, textOfMessage } from './strict-message.js';
import { strictResponse, textOfResponse } from './strict-response.js';
import { within } from './within.js';

/** What a caller can tell of an answer, whichever route it came by. */
export interface FormAnswer {
  readonly text: string;
  /** It says that it is whole. */
  readonly isWhole: boolean;
  /** The code of the failure, in the dialect's words. */
  readonly failure?: string;
  /** `error` of the OpenAI dialect, the data of `failed` in ours. */
  readonly error?: Record<string, unknown>;
  readonly response: Response;
}

/** One way to ask for an answer. */
export interface RouteForm {
  readonly form: string;
  readonly streams: boolean;
  readonly ask: (
    gateway: Gateway,
    model: string,
    headers?: Record<string, string>,
    signal?: AbortSignal,
  ) => Promise<FormAnswer>;
}

const messages = [{ role: 'user', content: 'Hi' }];

/** Both streaming forms, and the plain one. */
export const ROUTE_FORMS: readonly RouteForm[] = [
  {
    form: '/v1/chat/completions',
    streams: true,
    async ask(gateway, model, headers, signal) {
      const response = await gateway.complete({ model, messages }, headers, signal);
      if (response.status !== 200) return refused(response);
      const { text, error, done } = await readCompletion(response);
      return { text, isWhole: done, response, ...(error && failing(error)) };
    },
  },
  {
    form: '/chat',
    streams: true,
    async ask(gateway, model, headers, signal) {
      const response = await gateway.post(`/chat/${model}`, { messages }, headers, signal);
      if (response.status !== 200) return refused(response);
      const events = await chatEvents(response);
      const last = events.at(-1);
      const failed = last?.type === 'failed' ? last.data : undefined;
      const isWhole = last?.type === 'done';
      return { text: textOf(events), isWhole, response, ...(failed && failing(failed)) };
    },
  },
  {
    form: 'stream: false',
    streams: false,
    async ask(gateway, model, headers, signal) {
      const response = await gateway.complete({ model, messages, stream: false }, headers, signal);
      if (response.status !== 200) return refused(response);
      const { choices } = (await response.json()) as {
        choices: { message: { content: string }; finish_reason: string }[];
      };
      const [choice] = choices;
      return { text: choice!.message.content, isWhole: choice!.finish_reason !== null, response };
    },
  },
  {
    form: '/v1/messages',
    streams: true,
    async ask(gateway, model, headers, signal) {
      const body = { model, max_tokens: 64, stream: true, messages };
      const response = await gateway.post('/v1/messages', body, headers, signal);
      if (response.status !== 200) return refused(response);
      const reader = new BodyReader(response);
      await within(reader.all(), 'the stream ends');
      const stream = strictMessage(reader.raw, reader.ended!);
      const error = stream.last?.['error'] as Record<string, unknown> | undefined;
      const isWhole = stream.terminal === 'done';
      return { text: textOfMessage(stream), isWhole, response, ...(error && failing(error)) };
    },
  },
  {
    form: '/v1/responses',
    streams: true,
    async ask(gateway, model, headers, signal) {
      const body = { model, stream: true, input: messages };
      const response = await gateway.post('/v1/responses', body, headers, signal);
      if (response.status !== 200) return refused(response);
      const reader = new BodyReader(response);
      await within(reader.all(), 'the stream ends');
      const stream = strictResponse(reader.raw, reader.ended!);
      const error = stream.last?.['error'] as Record<string, unknown> | undefined;
      const isWhole = stream.terminal === 'done';
      return { text: textOfResponse(stream), isWhole, response, ...(error && failing(error)) };
    },
  },
];

/** A kind of upstream with its scripts for both ways of being asked. */
export interface UpstreamKind {
  readonly id: 'openai' | 'ollama' | 'anthropic';
  /** A model of `Gateway` with this upstream alone. */
  readonly model: string;
  readonly scripts: Scripts;
  /** A good answer, in the form that was asked for. */
  readonly says: (text: string) => UpstreamScript;
}

export const UPSTREAM_KINDS: readonly UpstreamKind[] = [
  { id: 'openai', model: 'gpt-only', scripts: openAi, says: (text) => answering(openAi, text) },
  { id: 'ollama', model: 'llama3', scripts: ollama, says: (text) => answering(ollama, text) },
  {
    id: 'anthropic',
    model: 'claude',
    scripts: anthropic,
    says: (text) => answering(anthropic, text),
  },
];

type Scripts = typeof openAi | typeof ollama | typeof anthropic;

/** Every kind of upstream behind every form of route. */
export const EVERY_WAY = UPSTREAM_KINDS.flatMap((kind) =>
  ROUTE_FORMS.map((route) => ({ ...kind, ...route })),
);

function answering(scripts: Scripts, text: string): UpstreamScript {
  return (exchange) => {
    const script = exchange.request.body['stream']
      ? scripts.streamsText([text])
      : scripts.answersText(text);
    return script(exchange);
  };
}

async function refused(response: Response): Promise<FormAnswer> {
  const body = (await response.json()) as { error: Record<string, unknown> };
  return { text: '', isWhole: false, response, ...failing(body.error) };
}

function failing(error: Readonly<Record<string, unknown>>) {
  return { error, failure: stringOr(error['code'], 'none') };
}
