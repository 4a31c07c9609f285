import { describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';

describe('An upstream event that cannot be passed on', () => {
  it('ends its own stream as internal_error, and no other', async () => {
    const gateway = await Gateway.start();
    const deep = `${'{"0":'.repeat(8000)}1${'}'.repeat(8000)}`;
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.complete();
    await step.next('Hel');
    await step.send(
      `data: {"id":"1","choices":[{"index":0,"delta":{"content":"lo"}}],"deep":${deep}}\n\n`,
    );
    const reader = new SseReader(await response);
    await reader.all();
    expect(reader.ended).toBe('cut');
    expect(reader.raw).toContain('internal_error');
    expect(await gateway.ended()).toMatchObject({ endReason: 'internal_error' });
    expect((await gateway.get('/livez')).status).toBe(200);
    await gateway.close();
  });
});
