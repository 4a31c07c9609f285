import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';
import { type Client, weather, WEATHER } from './client.js';

// It would tell OpenAI of every run.
setTracingDisabled(true);

const place = z.object({ city: z.string() });

function runnerFor(origin: string): Runner {
  const openAIClient = new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'x', maxRetries: 0 });
  return new Runner({ modelProvider: new OpenAIProvider({ openAIClient }), tracingDisabled: true });
}

export const openAiAgents: Client = {
  name: '@openai/agents',
  packages: ['@openai/agents'],
  route: '/v1/responses',
  showsReasoning: true,
  async stream(origin, model, onText, signal) {
    const agent = new Agent({ name: 'Test', model });
    const run = await runnerFor(origin).run(agent, 'Hi', {
      stream: true,
      ...(signal && { signal }),
    });
    const [text, reasoning]: [string[], string[]] = [[], []];
    for await (const event of run) {
      if (event.type !== 'raw_model_stream_event') continue;
      const { data } = event;
      if (data.type === 'output_text_delta') {
        text.push(data.delta);
        onText?.(data.delta);
      }
      if (data.type !== 'model') continue;
      const raw = data.event as { type?: string; delta?: string };
      if (raw.type === 'response.reasoning_summary_text.delta') reasoning.push(raw.delta ?? '');
    }
    await run.completed;
    signal?.throwIfAborted();
    return { text: text.join(''), reasoning: reasoning.join('') };
  },
  async structured(origin, model) {
    const agent = new Agent({ name: 'Test', model, outputType: place });
    return (await runnerFor(origin).run(agent, 'Where?')).finalOutput;
  },
  async useTool(origin, model) {
    const agent = new Agent({
      name: 'Test',
      model,
      tools: [
        tool({
          name: 'weather',
          description: WEATHER,
          parameters: place,
          execute: (input) => weather(input),
        }),
      ],
    });
    const run = await runnerFor(origin).run(agent, 'Weather?', { stream: true });
    await run.completed;
    return String(run.finalOutput);
  },
};
