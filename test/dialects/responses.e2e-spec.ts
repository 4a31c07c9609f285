import OpenAI from 'openai';
import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import { responses } from '../../src/http/dialects/responses/dialect.js';
import { strictResponse, textOfResponse } from '../support/strict-response.js';
import { openAiCodeOf } from './openai-codes.js';
import { describeDialect } from './dialect.contract.js';

describeDialect({
  dialect: responses,
  request: { model: 'gpt', stream: true, input: 'Hi' },
  ask: (gateway, model) => gateway.post('/v1/responses', { model, stream: true, input: 'Hi' }),
  async askOfficially(gateway, model) {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x' });
    const response = await client.responses.stream({ model, input: 'Hi' }).finalResponse();
    return response.output_text;
  },
  readStrictly: strictResponse,
  textOf: textOfResponse,
  // OpenAI's client takes a clean end for success.
  failedEnd: 'cut',
  wordsIn({ error }) {
    if (!isJsonObject(error)) throw new Error('There is no error.');
    const { code, message, requestId, attempts } = error;
    return { code, message, requestId, attempts };
  },
  wordsLacking: [],
  // Behind what opens a stream.
  parseFrame: (frame) => JSON.parse(/^event: error\ndata: (.*)$/m.exec(frame)![1]!) as JsonObject,
  codeOf: openAiCodeOf,
});
