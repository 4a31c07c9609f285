import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, isStepCount, type LanguageModel, Output, streamText, tool } from 'ai';
import { z } from 'zod';
import { type Client, weather, WEATHER } from './client.js';

interface Provider extends Pick<Client, 'name' | 'packages' | 'route' | 'showsReasoning'> {
  readonly modelOf: (origin: string, model: string) => LanguageModel;
  /** What a second turn needs. */
  readonly providerOptions?: { readonly openai: { readonly store: boolean } };
}

const weatherTool = tool({
  description: WEATHER,
  inputSchema: z.object({ city: z.string() }),
  execute: weather,
});

function clientOf({ modelOf, providerOptions, ...about }: Provider): Client {
  return {
    ...about,
    async stream(origin, model, onText, signal) {
      const { fullStream } = streamText({
        model: modelOf(origin, model),
        prompt: 'Hi',
        maxRetries: 0,
        ...(signal && { abortSignal: signal }),
        onError() {},
      });
      const [text, reasoning]: [string[], string[]] = [[], []];
      for await (const part of fullStream) {
        if (part.type === 'error') throw part.error;
        if (part.type === 'reasoning-delta') reasoning.push(part.text);
        if (part.type !== 'text-delta') continue;
        text.push(part.text);
        onText?.(part.text);
      }
      signal?.throwIfAborted();
      return { text: text.join(''), reasoning: reasoning.join('') };
    },
    async structured(origin, model) {
      const { output } = await generateText({
        model: modelOf(origin, model),
        prompt: 'Where?',
        maxRetries: 0,
        output: Output.object({ schema: z.object({ city: z.string() }) }),
      });
      return output;
    },
    async useTool(origin, model) {
      const result = streamText({
        model: modelOf(origin, model),
        prompt: 'Weather?',
        maxRetries: 0,
        stopWhen: isStepCount(2),
        ...(providerOptions && { providerOptions }),
        tools: {
          weather: weatherTool,
        },
        onError({ error }) {
          throw error;
        },
      });
      return await result.text;
    },
  };
}

export const aiSdkOpenAi = clientOf({
  name: '@ai-sdk/openai, .chat()',
  packages: ['ai', '@ai-sdk/openai'],
  route: '/v1/chat/completions',
  // It knows OpenAI's own models only, which do not tell.
  showsReasoning: false,
  modelOf: (origin, model) => createOpenAI({ baseURL: `${origin}/v1`, apiKey: 'x' }).chat(model),
});

/** The one step that its users take: the first turn works by the base URL alone. */
export const aiSdkResponses = clientOf({
  name: '@ai-sdk/openai',
  packages: ['ai', '@ai-sdk/openai'],
  route: '/v1/responses',
  showsReasoning: true,
  providerOptions: { openai: { store: false } },
  modelOf: (origin, model) => createOpenAI({ baseURL: `${origin}/v1`, apiKey: 'x' })(model),
});

/** A tool and what follows of it, as people begin with it, who have not read that nothing is stored. */
export async function useToolStored(origin: string, model: string): Promise<string> {
  const { text } = await generateText({
    model: createOpenAI({ baseURL: `${origin}/v1`, apiKey: 'x' })(model),
    prompt: 'Weather?',
    maxRetries: 0,
    stopWhen: isStepCount(2),
    tools: { weather: weatherTool },
  });
  return text;
}

export const aiSdkCompatible = clientOf({
  name: '@ai-sdk/openai-compatible',
  packages: ['ai', '@ai-sdk/openai-compatible'],
  route: '/v1/chat/completions',
  showsReasoning: true,
  modelOf: (origin, model) =>
    createOpenAICompatible({
      name: 'sluice',
      baseURL: `${origin}/v1`,
      apiKey: 'x',
      supportsStructuredOutputs: true,
    })(model),
});

const { structured: _, ...anthropicClient } = clientOf({
  name: '@ai-sdk/anthropic',
  packages: ['ai', '@ai-sdk/anthropic'],
  route: '/v1/messages',
  showsReasoning: true,
  modelOf: (origin, model) => createAnthropic({ baseURL: `${origin}/v1`, apiKey: 'x' })(model),
});

/** It has JSON written by a tool that it forces where it does not know a model: Ollama cannot be told to. */
export const aiSdkAnthropic: Client = anthropicClient;
