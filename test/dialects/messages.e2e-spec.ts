import Anthropic from '@anthropic-ai/sdk';
import { isJsonObject } from '../../src/contract/json.js';
import { messages } from '../../src/http/dialects/messages/dialect.js';
import { strictMessage, textOfMessage } from '../support/strict-message.js';
import { describeDialect } from './dialect.contract.js';

const HI = [{ role: 'user' as const, content: 'Hi' }];

describeDialect({
  dialect: messages,
  request: { model: 'gpt', stream: true, max_tokens: 64, messages: HI },
  ask: (gateway, model) =>
    gateway.post('/v1/messages', { model, stream: true, max_tokens: 64, messages: HI }),
  async askOfficially(gateway, model) {
    const client = new Anthropic({ baseURL: gateway.url, apiKey: 'x' });
    const stream = client.messages.stream({ model, max_tokens: 64, messages: HI });
    const { content } = await stream.finalMessage();
    return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  },
  readStrictly: strictMessage,
  textOf: textOfMessage,
  // Its SDK takes a clean end for success.
  failedEnd: 'cut',
  wordsIn({ error, request_id: requestId }) {
    if (!isJsonObject(error)) throw new Error('There is no error.');
    const { code, message, attempts } = error;
    return { code, message: bare(message), requestId, attempts };
  },
  wordsLacking: [],
  parseFrame: (frame) => JSON.parse(/^event: error\ndata: (.*)\n\n$/.exec(frame)![1]!),
  codeOf: (fault) => fault,
  nativeUpstream: 'anthropic',
});

/** Without the words that Claude Code looks for. */
function bare(message: unknown): string {
  return String(message).replace(/^prompt is too long: | \(capability_rejected: \w+\)$/g, '');
}
