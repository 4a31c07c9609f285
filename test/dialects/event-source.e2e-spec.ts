import { EventSource } from 'eventsource';
import { isJsonObject } from '../../src/contract/json.js';
import { eventSource } from '../../src/http/dialects/event-source/dialect.js';
import { strictChat } from '../support/strict-stream.js';
import { describeDialect } from './dialect.contract.js';

const messages = [{ role: 'user', content: 'Hi' }];

describeDialect({
  dialect: eventSource,
  request: { messages },
  ask: (gateway, model) => gateway.post(`/chat/${model}`, { messages }),
  async askOfficially(gateway, model) {
    const source = new EventSource(`${gateway.url}/chat/${model}?message=Hi`);
    const done = Promise.withResolvers<void>();
    let text = '';
    source.addEventListener('message', ({ data }) => {
      text += (JSON.parse(data) as { text: string }).text;
    });
    source.addEventListener('done', () => done.resolve());
    source.addEventListener('error', ({ message }) => done.reject(new Error(message)));
    await done.promise.finally(() => source.close());
    return text;
  },
  readStrictly: strictChat,
  textOf: ({ events }) => events.map(({ data }) => String(data['text'])).join(''),
  // `failed` says it, and EventSource would come again after any other end, too.
  failedEnd: 'clean',
  // Before its stream opens, errors are OpenAI's.
  wordsIn(said) {
    const { code, message, requestId, attempts } = isJsonObject(said['error'])
      ? said['error']
      : said;
    return { code, message, requestId, attempts };
  },
  wordsLacking: [],
  parseFrame: ({ data }) => JSON.parse(JSON.stringify(data)),
  codeOf: (fault) => fault,
});
