import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf } from '../../../../test/support/attempt-context.js';
import { ScriptedUpstream } from '../../../../test/support/scripted-upstream.js';
import { ByteBudget } from '../../../contract/byte-budget.js';
import type { ChatRequest } from '../../../contract/chat-request.js';
import { GatewayError } from '../../../contract/gateway-error.js';
import { UpstreamClient } from './upstream-client.js';

const REQUEST: ChatRequest = { messages: [], sampling: {} };

describe('UpstreamClient', () => {
  let upstream: ScriptedUpstream;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
  });
  afterEach(() => upstream.close());

  it.each([
    ['a body that is no JSON', { n: 1n }, {}],
    ['a header with two lines', {}, { 'x-team': 'a\nb' }],
  ])(
    'takes %s for a bug of ours, and not for an upstream that is down',
    async (_, body, headers) => {
      const settings = { id: 'openai', baseUrl: upstream.url, headers, connectMs: 1000 };
      const eventBytes = new ByteBudget({ maxBytes: 1024, what: 'large events' });
      const client = new UpstreamClient({ ...settings, maxEventBytes: 1024, eventBytes }, '/chat');
      const failure: unknown = await client
        .post(body, contextOf(), REQUEST)
        .catch((e: unknown) => e);
      expect(GatewayError.from(failure)).toMatchObject({
        fault: 'internal',
        breakerEffect: 'ignore',
      });
      expect(upstream.requests).toHaveLength(0);
      await client.close();
    },
  );
});
