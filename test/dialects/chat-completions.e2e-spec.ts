import OpenAI from 'openai';
import { isJsonObject, stringOr } from '../../src/contract/json.js';
import { chatCompletions } from '../../src/http/dialects/chat-completions/dialect.js';
import { deltaOf } from '../support/chat-completions.js';
import { strictCompletion } from '../support/strict-stream.js';
import { describeDialect } from './dialect.contract.js';
import { openAiCodeOf } from './openai-codes.js';

const messages = [{ role: 'user' as const, content: 'Hi' }];

describeDialect({
  dialect: chatCompletions,
  request: { model: 'gpt', stream: true, messages },
  ask: (gateway, model) => gateway.complete({ model }),
  async askOfficially(gateway, model) {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x' });
    let text = '';
    for await (const chunk of await client.chat.completions.create({
      model,
      messages,
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    return text;
  },
  readStrictly: strictCompletion,
  textOf: ({ events }) => events.map(({ data }) => stringOr(deltaOf(data)['content'], '')).join(''),
  // Clients of OpenAI take a clean end for success.
  failedEnd: 'cut',
  wordsIn({ error }) {
    if (!isJsonObject(error)) throw new Error('There is no error.');
    const { code, message, requestId, attempts } = error;
    return { code, message, requestId, attempts };
  },
  wordsLacking: [],
  parseFrame: (frame) => JSON.parse(/^data: (.*)\n\n$/.exec(frame)![1]!),
  codeOf: openAiCodeOf,
  nativeUpstream: 'openai',
});
