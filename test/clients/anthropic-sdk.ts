import Anthropic from '@anthropic-ai/sdk';
import { type Client, weather, WEATHER, WEATHER_SCHEMA } from './client.js';

const clientFor = (origin: string, version?: string) =>
  new Anthropic({
    baseURL: origin,
    apiKey: 'x',
    maxRetries: 0,
    ...(version && { defaultHeaders: { 'anthropic-version': version } }),
  });

const tools = [{ name: 'weather', description: WEATHER, input_schema: WEATHER_SCHEMA }];

const textIn = ({ content }: Anthropic.Message) =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');

/** @param version of the API; absent: the one that the SDK sends */
function helper(version?: string): Client {
  return {
    name: `@anthropic-ai/sdk, .stream()${version ? `, anthropic-version ${version}` : ''}`,
    packages: ['@anthropic-ai/sdk'],
    route: '/v1/messages',
    showsReasoning: true,
    async stream(origin, model, onText, signal) {
      const stream = clientFor(origin, version).messages.stream(
        { model, max_tokens: 64, messages: [{ role: 'user', content: 'Hi' }] },
        { signal },
      );
      stream.on('text', (piece) => onText?.(piece));
      const message = await stream.finalMessage();
      const reasoning = message.content.map((block) =>
        block.type === 'thinking' ? block.thinking : '',
      );
      return { text: textIn(message), reasoning: reasoning.join('') };
    },
    async structured(origin, model) {
      const message = await clientFor(origin, version).messages.create({
        model,
        max_tokens: 64,
        messages: [{ role: 'user', content: 'Where?' }],
        output_config: { format: { type: 'json_schema', schema: WEATHER_SCHEMA } },
      });
      return JSON.parse(textIn(message)) as unknown;
    },
    async useTool(origin, model) {
      const client = clientFor(origin, version);
      const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Weather?' }];
      const asked = { model, max_tokens: 64, tools, messages };
      const first = await client.messages.stream(asked).finalMessage();
      messages.push({ role: 'assistant', content: first.content });
      const results = first.content.flatMap((block) =>
        block.type === 'tool_use'
          ? [
              {
                type: 'tool_result' as const,
                tool_use_id: block.id,
                content: weather(block.input),
              },
            ]
          : [],
      );
      messages.push({ role: 'user', content: results });
      return textIn(await client.messages.create(asked));
    },
  };
}

export const anthropicStream = helper();
export const anthropicStreamOld = helper('2023-06-01');

export const anthropicCreate: Client = {
  ...helper(),
  name: '@anthropic-ai/sdk, create({ stream: true })',
  async stream(origin, model, onText, signal) {
    const [text, reasoning]: [string[], string[]] = [[], []];
    const stream = await clientFor(origin).messages.create(
      { model, max_tokens: 64, messages: [{ role: 'user', content: 'Hi' }], stream: true },
      { signal },
    );
    for await (const event of stream) {
      if (event.type !== 'content_block_delta') continue;
      const { delta } = event;
      if (delta.type === 'thinking_delta') reasoning.push(delta.thinking);
      if (delta.type !== 'text_delta') continue;
      text.push(delta.text);
      onText?.(delta.text);
    }
    signal?.throwIfAborted();
    return { text: text.join(''), reasoning: reasoning.join('') };
  },
};
