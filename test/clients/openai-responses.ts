import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { type Client, weather, WEATHER, WEATHER_SCHEMA } from './client.js';

const clientFor = (origin: string) =>
  new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'x', maxRetries: 0 });

const tools = [
  {
    type: 'function' as const,
    name: 'weather',
    description: WEATHER,
    parameters: WEATHER_SCHEMA,
    strict: false,
  },
];

async function useTool(origin: string, model: string): Promise<string> {
  const client = clientFor(origin);
  const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Weather?' }];
  const first = await client.responses.stream({ model, input, tools }).finalResponse();
  // As its documentation has it: all of the output goes back.
  input.push(...(first.output as OpenAI.Responses.ResponseInputItem[]));
  for (const item of first.output) {
    if (item.type !== 'function_call') continue;
    const output = weather(JSON.parse(item.arguments));
    input.push({ type: 'function_call_output', call_id: item.call_id, output });
  }
  return (await client.responses.create({ model, input, tools })).output_text;
}

const common = {
  packages: ['openai'],
  route: '/v1/responses',
  showsReasoning: true,
  useTool,
} as const;

export const openAiResponsesCreate: Client = {
  ...common,
  name: 'openai, responses.create({ stream: true })',
  async stream(origin, model, onText, signal) {
    const [text, reasoning]: [string[], string[]] = [[], []];
    const stream = await clientFor(origin).responses.create(
      { model, input: 'Hi', stream: true },
      { signal },
    );
    for await (const event of stream) {
      if (event.type === 'response.reasoning_summary_text.delta') reasoning.push(event.delta);
      if (event.type !== 'response.output_text.delta') continue;
      text.push(event.delta);
      onText?.(event.delta);
    }
    signal?.throwIfAborted();
    return { text: text.join(''), reasoning: reasoning.join('') };
  },
};

export const openAiResponsesStream: Client = {
  ...common,
  name: 'openai, responses.stream()',
  async structured(origin, model) {
    const response = await clientFor(origin).responses.parse({
      model,
      input: 'Where?',
      text: { format: zodTextFormat(z.object({ city: z.string() }), 'place') },
    });
    return response.output_parsed;
  },
  async stream(origin, model, onText, signal) {
    const stream = clientFor(origin).responses.stream({ model, input: 'Hi' }, { signal });
    stream.on('response.output_text.delta', ({ delta }) => onText?.(delta));
    const { output, output_text: text } = await stream.finalResponse();
    const summaries = output.flatMap((item) => (item.type === 'reasoning' ? item.summary : []));
    return { text, reasoning: summaries.map((part) => part.text).join('') };
  },
};
