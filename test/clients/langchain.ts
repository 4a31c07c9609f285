import { ChatAnthropic } from '@langchain/anthropic';
import { type AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { type Client, weather, WEATHER } from './client.js';

const weatherTool = tool((input) => weather(input), {
  name: 'weather',
  description: WEATHER,
  schema: z.object({ city: z.string() }),
});

type Model = Pick<ChatOpenAI, 'stream'> & {
  bindTools(tools: unknown[]): Pick<ChatOpenAI, 'stream' | 'invoke'>;
};

interface Provider extends Pick<Client, 'name' | 'packages' | 'route' | 'showsReasoning'> {
  readonly modelOf: (origin: string, model: string) => Model;
}

function clientOf({ modelOf, ...about }: Provider): Client {
  return {
    ...about,
    async stream(origin, model, onText, signal) {
      const text: string[] = [];
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await modelOf(origin, model).stream('Hi', signal && { signal })) {
        whole = whole ? whole.concat(chunk) : chunk;
        if (chunk.text === '') continue;
        text.push(chunk.text);
        onText?.(chunk.text);
      }
      signal?.throwIfAborted();
      // Of the whole message: the last chunk of a Response says all of it again.
      const reasoning = (whole?.contentBlocks ?? []).map((block) =>
        block.type === 'reasoning' ? String(block['reasoning'] ?? '') : '',
      );
      return { text: text.join(''), reasoning: reasoning.join('') };
    },
    async useTool(origin, model) {
      const bound = modelOf(origin, model).bindTools([weatherTool]);
      const asked = new HumanMessage('Weather?');
      let first: AIMessageChunk | undefined;
      for await (const chunk of await bound.stream([asked])) {
        first = first ? first.concat(chunk) : chunk;
      }
      const results = first!.tool_calls!.map(
        ({ id, args }) => new ToolMessage({ content: weather(args), tool_call_id: id! }),
      );
      return (await bound.invoke([asked, first!, ...results])).text;
    },
  };
}

export const langChainOpenAi = clientOf({
  name: '@langchain/openai, ChatOpenAI',
  packages: ['@langchain/openai', '@langchain/core'],
  route: '/v1/chat/completions',
  showsReasoning: false,
  modelOf: (origin, model) =>
    new ChatOpenAI({
      model,
      apiKey: 'x',
      maxRetries: 0,
      configuration: { baseURL: `${origin}/v1` },
    }) as unknown as Model,
});

const responsesOf = (origin: string, model: string) =>
  new ChatOpenAI({
    model,
    apiKey: 'x',
    maxRetries: 0,
    useResponsesApi: true,
    configuration: { baseURL: `${origin}/v1` },
  });

export const langChainResponses: Client = {
  ...clientOf({
    name: '@langchain/openai, ChatOpenAI({ useResponsesApi: true })',
    packages: ['@langchain/openai', '@langchain/core'],
    route: '/v1/responses',
    showsReasoning: true,
    modelOf: (origin, model) => responsesOf(origin, model) as unknown as Model,
  }),
  async structured(origin, model) {
    const schema = z.object({ city: z.string() });
    const asked = responsesOf(origin, model).withStructuredOutput(schema, { method: 'jsonSchema' });
    return (await asked.invoke('Where?')) as unknown;
  },
};

export const langChainAnthropic = clientOf({
  name: '@langchain/anthropic, ChatAnthropic',
  packages: ['@langchain/anthropic', '@langchain/core'],
  route: '/v1/messages',
  showsReasoning: true,
  modelOf: (origin, model) =>
    new ChatAnthropic({
      model,
      apiKey: 'x',
      maxRetries: 0,
      anthropicApiUrl: origin,
    }) as unknown as Model,
});
