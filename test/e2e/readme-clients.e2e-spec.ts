import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { generateObject, type LanguageModel, streamObject, streamText } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigFile } from '../support/config-file.js';
import { codeOfClient, run } from '../support/readme.js';
import { SluiceProcess } from '../support/sluice-process.js';

const WEATHER = z.object({
  city: z.string().min(3),
  kind: z.enum(['sunny', 'rainy']),
  degrees: z.number().min(-50).max(-10),
  days: z.array(z.object({ date: z.iso.date(), wind: z.int().nullable() })).min(2),
});

/** As whoever follows README has it: the built service with a sandbox, which only speaks faster, and the code of the table. */
describe('a client as README writes it', () => {
  let sluice: SluiceProcess;
  let config: ConfigFile;
  let baseUrl: string;
  beforeAll(async () => {
    config = await ConfigFile.write({
      sandbox: { tokensPerSecond: 2000, firstTokenMs: 1 },
      backends: [
        { id: 'openai', kind: 'openai' },
        { id: 'ollama', kind: 'ollama' },
      ],
      models: [
        { id: 'gpt-4o', targets: ['openai/gpt-4o'] },
        { id: 'llama3', targets: ['ollama/llama3'] },
      ],
    });
    sluice = SluiceProcess.spawn({ PORT: '0' }, [config.path]);
    baseUrl = `${await sluice.listening()}/v1`;
  });
  afterAll(async () => {
    await sluice.kill();
    await config.remove();
  });

  function langChain(): ChatOpenAI {
    const [code] = codeOfClient('LangChain', baseUrl);
    return run(code!, { ChatOpenAI }) as ChatOpenAI;
  }

  function aiSdk(): ReturnType<typeof createOpenAICompatible> {
    const [code] = codeOfClient('Vercel AI SDK', baseUrl);
    return run(code!, { createOpenAICompatible }) as ReturnType<typeof createOpenAICompatible>;
  }

  describe('LangChain', () => {
    it('streams an answer, piece by piece', async () => {
      const pieces: string[] = [];
      for await (const chunk of await langChain().stream('Hello')) pieces.push(chunk.text);
      expect(pieces.filter((piece) => piece !== '').length).toBeGreaterThan(20);
      expect(pieces.join('')).toContain('Hello from the sandbox');
    });

    it('gets a whole answer with its usage', async () => {
      const answer = await langChain().invoke('Hello');
      expect(answer.text).toContain('Hello from the sandbox');
      expect(answer).toMatchObject({
        usage_metadata: { output_tokens: expect.any(Number) as number },
      });
    });

    it('gets JSON that fits a schema', async () => {
      const structured = langChain().withStructuredOutput(WEATHER, { method: 'jsonSchema' });
      expect(WEATHER.parse(await structured.invoke('The weather?'))).toMatchObject({
        kind: 'sunny',
      });
    });
  });

  it('has objects of the Ollama backend, too (AI SDK)', async () => {
    const { object } = await generateObject({
      model: aiSdk()('llama3'),
      schema: WEATHER,
      prompt: 'Hi',
    });
    expect(WEATHER.parse(object)).toEqual(object);
  });

  const sdks: [string, () => LanguageModel][] = [
    ['createOpenAICompatible', () => aiSdk()('gpt-4o')],
    [
      'createOpenAI',
      () => {
        const [, code] = codeOfClient('Vercel AI SDK', baseUrl);
        return run(code!, { createOpenAI }) as LanguageModel;
      },
    ],
  ];

  describe.each(sdks)('the AI SDK with %s', (_, model) => {
    it('streams an answer with its usage', async () => {
      const answer = streamText({ model: model(), prompt: 'Hello' });
      const pieces: string[] = [];
      for await (const piece of answer.textStream) pieces.push(piece);
      expect(pieces.length).toBeGreaterThan(20);
      expect(pieces.join('')).toContain('Hello from the sandbox');
      expect(await answer.finishReason).toBe('stop');
      expect((await answer.usage).outputTokens).toBeGreaterThan(0);
    });

    it('generates an object that fits its schema, streamed or not', async () => {
      const { object } = await generateObject({ model: model(), schema: WEATHER, prompt: 'Hi' });
      expect(WEATHER.parse(object).days).toHaveLength(2);
      const streamed = streamObject({ model: model(), schema: WEATHER, prompt: 'Hi' });
      let last: unknown;
      for await (const partial of streamed.partialObjectStream) last = partial;
      expect(last).toEqual(object);
      expect(WEATHER.parse(await streamed.object)).toEqual(object);
    });

    it('generates a list, and a choice', async () => {
      const element = z.object({ name: z.string() });
      const list = await generateObject({
        model: model(),
        output: 'array',
        schema: element,
        prompt: 'Hi',
      });
      expect(z.array(element).parse(list.object)).toEqual(list.object);
      const choice = await generateObject({
        model: model(),
        output: 'enum',
        enum: ['yes', 'no'],
        prompt: 'Hi',
      });
      expect(choice.object).toBe('yes');
    });
  });
});
