import { describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { contentChunk, openAi, sse } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import type { Stepper } from '../support/stepper.js';

const deep = `${'{"0":'.repeat(8000)}1${'}'.repeat(8000)}`;
const unwritable = `data: {"id":"1","choices":[{"index":0,"delta":{"content":"lo"}}],"deep":${deep}}\n\n`;

describe('An upstream event that cannot be passed on', () => {
  it.each([
    ['after', (step: Stepper) => step.next('Hel').then(() => step.send(unwritable))],
    ['with', (step: Stepper) => step.send(sse(contentChunk('Hel')) + unwritable)],
  ])('ends its own stream %s a token as internal_error, and no other', async (_, send) => {
    const gateway = await Gateway.start();
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.complete();
    await step.begin();
    await send(step);
    const reader = new SseReader(await response);
    await reader.all();
    expect(reader.ended).toBe('cut');
    expect(reader.raw).toMatch(/"Hel".*internal_error/s);
    expect(await gateway.ended()).toMatchObject({ endReason: 'internal_error' });
    expect((await gateway.get('/livez')).status).toBe(200);
    await gateway.close();
  });
});
