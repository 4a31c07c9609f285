import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { type Client, weather, WEATHER, WEATHER_SCHEMA } from './client.js';

const clientFor = (origin: string) =>
  new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'x', maxRetries: 0 });

const tools = [
  {
    type: 'function' as const,
    function: { name: 'weather', description: WEATHER, parameters: WEATHER_SCHEMA },
  },
];

async function useTool(origin: string, model: string): Promise<string> {
  const client = clientFor(origin);
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Weather?' }];
  const first = await client.chat.completions.stream({ model, messages, tools }).finalMessage();
  messages.push(first);
  for (const call of first.tool_calls ?? []) {
    if (call.type !== 'function') throw new Error('No function is called.');
    const content = weather(JSON.parse(call.function.arguments));
    messages.push({ role: 'tool', tool_call_id: call.id, content });
  }
  const second = await client.chat.completions.create({ model, messages, tools });
  return second.choices[0]!.message.content ?? '';
}

const common = {
  packages: ['openai'],
  route: '/v1/chat/completions',
  useTool,
} as const;

export const openAiCreate: Client = {
  ...common,
  name: 'openai, create({ stream: true })',
  // Not in its types: servers that reason have this field.
  showsReasoning: true,
  async stream(origin, model, onText, signal) {
    const [text, reasoning]: [string[], string[]] = [[], []];
    const stream = await clientFor(origin).chat.completions.create(
      { model, messages: [{ role: 'user', content: 'Hi' }], stream: true },
      { signal },
    );
    for await (const { choices } of stream) {
      const delta = choices[0]?.delta as { content?: string; reasoning_content?: string };
      if (delta?.reasoning_content) reasoning.push(delta.reasoning_content);
      if (!delta?.content) continue;
      text.push(delta.content);
      onText?.(delta.content);
    }
    signal?.throwIfAborted();
    return { text: text.join(''), reasoning: reasoning.join('') };
  },
};

export const openAiStream: Client = {
  ...common,
  async structured(origin, model) {
    const completion = await clientFor(origin).chat.completions.parse({
      model,
      messages: [{ role: 'user', content: 'Where?' }],
      response_format: zodResponseFormat(z.object({ city: z.string() }), 'place'),
    });
    return completion.choices[0]!.message.parsed;
  },
  name: 'openai, .stream()',
  showsReasoning: false,
  async stream(origin, model, onText, signal) {
    const stream = clientFor(origin).chat.completions.stream(
      { model, messages: [{ role: 'user', content: 'Hi' }] },
      { signal },
    );
    stream.on('content', (piece) => onText?.(piece));
    // Of fields that its types do not know it keeps the last piece: that is no reasoning.
    return { text: (await stream.finalMessage()).content ?? '' };
  },
};
