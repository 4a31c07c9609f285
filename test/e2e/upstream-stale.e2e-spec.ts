import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { resetsBeforeHeaders } from '../support/upstream-scripts.js';

describe('An upstream connection that was reset while nobody used it', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it.each([
    ['a streamed answer', true, openAi.streamsText(['Hello'])],
    ['a plain answer', false, openAi.answersText('Hello')],
  ])('costs %s no attempt and no fault', async (_, stream, script) => {
    gateway.openai.script(openAi.answersText('Hi'), resetsBeforeHeaders(), script);
    await (await gateway.complete({ stream: false })).text();
    await gateway.ended(0);

    const response = await gateway.complete({ stream });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-sluice-attempts')).toBe('1');
    expect(await response.text()).toContain('Hello');
    expect(await gateway.ended(1)).toMatchObject({
      endReason: 'completed',
      attempts: [{ target: 'openai/gpt-4o-2024', outcome: 'ok' }],
    });
    expect(gateway.openai.requests).toHaveLength(3);
  });
});
