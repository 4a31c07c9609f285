import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SlowCaller } from '../support/slow-caller.js';

const messages = [{ role: 'user', content: 'Hi' }];

describe('A caller that never reads again', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ streams: { totalMs: 400 } });
  });
  afterEach(() => gateway.close());

  it.each([
    ['/v1/chat/completions', { model: 'gpt-only', stream: true, messages }],
    ['/chat/gpt-only', { messages }],
  ])('does not outlive totalMs on %s', async (path, body) => {
    gateway.openai.script(openAi.streamsForever('x'.repeat(4000)));
    const caller = await SlowCaller.connect(gateway.url);
    caller.send({ path, body });
    expect(await gateway.ended()).toMatchObject({
      endReason: 'total_timeout',
      fault: 'total_timeout',
    });
    await gateway.openai.left(0);
    caller.leave();
  });
});
