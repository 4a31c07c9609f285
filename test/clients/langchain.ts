import { ChatAnthropic } from '@langchain/anthropic';
import {
  type AIMessageChunk,
  type ContentBlock,
  HumanMessage,
  ToolMessage,
} from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { type Client, weather, WEATHER } from './client.js';

const weatherTool = tool((input) => weather(input), {
  name: 'weather',
  description: WEATHER,
  schema: z.object({ city: z.string() }),
});

const ofBlocks = (chunk: AIMessageChunk): readonly ContentBlock[] => chunk.contentBlocks;

/** In `contentBlocks` each piece of a Response's reasoning stands twice, also with OpenAI. */
const ofContent = ({ content }: AIMessageChunk): readonly ContentBlock[] =>
  typeof content === 'string' ? [] : (content as ContentBlock[]);

type Model = Pick<ChatOpenAI, 'stream'> & {
  bindTools(tools: unknown[]): Pick<ChatOpenAI, 'stream' | 'invoke'>;
};

interface Provider extends Pick<Client, 'name' | 'packages' | 'route' | 'showsReasoning'> {
  readonly modelOf: (origin: string, model: string) => Model;
  /** Where it has its reasoning. Absent: in `contentBlocks`. */
  readonly blocksOf?: (chunk: AIMessageChunk) => readonly ContentBlock[];
}

function clientOf({ modelOf, blocksOf = ofBlocks, ...about }: Provider): Client {
  return {
    ...about,
    async stream(origin, model, onText, signal) {
      const [text, reasoning]: [string[], string[]] = [[], []];
      for await (const chunk of await modelOf(origin, model).stream('Hi', signal && { signal })) {
        for (const block of blocksOf(chunk)) {
          if (block.type === 'reasoning') reasoning.push(String(block['reasoning'] ?? ''));
        }
        if (chunk.text === '') continue;
        text.push(chunk.text);
        onText?.(chunk.text);
      }
      signal?.throwIfAborted();
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

export const langChainResponses = clientOf({
  name: '@langchain/openai, ChatOpenAI({ useResponsesApi: true })',
  packages: ['@langchain/openai', '@langchain/core'],
  route: '/v1/responses',
  showsReasoning: true,
  blocksOf: ofContent,
  modelOf: (origin, model) =>
    new ChatOpenAI({
      model,
      apiKey: 'x',
      maxRetries: 0,
      useResponsesApi: true,
      configuration: { baseURL: `${origin}/v1` },
    }) as unknown as Model,
});

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
