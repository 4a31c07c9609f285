import { anthropicEventsOf } from './anthropic-events.ts';
import { MODELS } from './contestants.ts';
import type { Ask } from './load.ts';
import { eventsOf } from './openai-events.ts';

const SYSTEM = 'You are a helpful assistant. Answer briefly, in plain words, without headings.';
const USER = 'Why does a river run faster through a narrow sluice than through a wide bed?';

/** A streamed Chat Completion of so many chunks. */
export function streamAsk(port: number, chunks: number, model: string = MODELS.measured): Ask {
  const body = { ...chat(model), stream: true, stream_options: { include_usage: true } };
  return {
    ...completion(port, body),
    events: eventsOf(chunks),
    ending: 'data: [DONE]\n\n',
  };
}

/** The same answer as a streamed Message. */
export function messagesAsk(port: number, chunks: number, model: string): Ask {
  const body = {
    model,
    system: SYSTEM,
    messages: [{ role: 'user', content: USER }],
    temperature: 0.7,
    max_tokens: 1024,
    stream: true,
  };
  return {
    port,
    method: 'POST',
    path: '/v1/messages',
    body: JSON.stringify(body),
    events: anthropicEventsOf(chunks),
    ending: 'event: message_stop',
  };
}

/** The same answer as a streamed Response: what opens and closes it, its item and its part are four events each. */
export function responsesAsk(port: number, chunks: number, model: string): Ask {
  const body = {
    model,
    instructions: SYSTEM,
    input: USER,
    temperature: 0.7,
    max_output_tokens: 1024,
    stream: true,
  };
  return {
    port,
    method: 'POST',
    path: '/v1/responses',
    body: JSON.stringify(body),
    events: chunks + 8,
    ending: '"total_tokens"',
  };
}

export function plainAsk(port: number): Ask {
  return { ...completion(port, chat(MODELS.measured)), events: 0, ending: '"usage"' };
}

/** The same answer for an EventSource: the opening event, the chunks, `done`. */
export function browserAsk(port: number, chunks: number): Ask {
  const path = `/chat/${MODELS.measured}?${new URLSearchParams({ message: USER, system: SYSTEM }).toString()}`;
  return { port, method: 'GET', path, events: chunks + 2, ending: 'event: done' };
}

function completion(port: number, body: object) {
  return {
    port,
    method: 'POST' as const,
    path: '/v1/chat/completions',
    body: JSON.stringify(body),
  };
}

function chat(model: string) {
  return {
    model,
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: USER },
    ],
    temperature: 0.7,
    max_tokens: 1024,
  };
}
