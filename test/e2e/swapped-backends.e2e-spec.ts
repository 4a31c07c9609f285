import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { AppModule } from '../../src/app.module.js';
import { parseConfig } from '../../src/config/load/load-config.js';
import type { ChatAnswer } from '../../src/contract/chat-answer.js';
import { type ChatBackend, ChatBackends } from '../../src/contract/chat-backend.js';
import { EventBatch } from '../../src/contract/event-batch.js';
import { setUpHttp } from '../../src/http/server/set-up-http.js';

/** All that Sluice asks of an upstream. */
class Parrot implements ChatBackend {
  readonly id = 'openai';

  fit() {
    return { ignored: [] };
  }

  async open(): Promise<AsyncIterable<EventBatch>> {
    return (async function* () {
      const start = { type: 'start', id: 'parrot-1', model: 'parrot', backend: 'openai' } as const;
      yield new EventBatch([{ parts: [start, { type: 'text-delta', text: 'Polly' }] }]);
      yield new EventBatch([{ parts: [{ type: 'end', reason: 'stop' }] }]);
    })();
  }

  async complete(): Promise<ChatAnswer> {
    throw new Error('A parrot only streams.');
  }

  async close(): Promise<void> {}
}

it('takes another backend in place of the configured ones by overriding one provider', async () => {
  const config = parseConfig({
    backends: [{ id: 'openai', kind: 'openai', baseUrl: 'http://127.0.0.1:9' }],
    models: [{ id: 'gpt-4o', targets: ['openai/gpt-4o'] }],
  });
  const backends = new Map([['openai', new Parrot()]]);
  const testing = await Test.createTestingModule({ imports: [AppModule.for(config)] })
    .overrideProvider(ChatBackends)
    .useValue({ of: () => backends })
    .compile();
  const app = testing.createNestApplication<NestExpressApplication>({
    bodyParser: false,
    logger: false,
  });
  setUpHttp(app);
  await app.listen(0, '127.0.0.1');
  const answer = await (await fetch(`${await app.getUrl()}/chat?message=Hi`)).text();
  expect(answer).toContain('data: {"text":"Polly"}');
  expect(answer).toContain('event: done');
  await app.close();
});
