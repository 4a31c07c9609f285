import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

/** Makes every turn of the event loop take so long, until told to stop. */
function slowDown(ms: number): () => void {
  let turn = setImmediate(function work() {
    const until = performance.now() + ms;
    while (performance.now() < until);
    turn = setImmediate(work);
  });
  return () => clearImmediate(turn);
}

/** Asks until the answer has this status; returns that answer. */
async function askUntil(status: number, ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await ask();
    if (response.status === status) return response;
    await response.text();
  }
}

describe('while every turn of the event loop takes 300 ms', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hi']));
  });
  afterAll(() => gateway.close());

  it('new requests are overloaded after some seconds, until it is better', async () => {
    const startedAt = performance.now();
    const speedUp = slowDown(300);
    try {
      const ask = () => gateway.complete();
      const response = await askUntil(503, ask);
      expect(performance.now() - startedAt).toBeGreaterThan(5000);
      expect(Number(response.headers.get('retry-after-ms'))).toBeGreaterThanOrEqual(5000);
      expect(await errorOf(response)).toMatchObject({ code: 'overloaded' });
      // The pod is slow, not dead: a restart would make it worse for the others.
      expect((await gateway.get('/livez')).status).toBe(200);
      speedUp();
      const answer = await askUntil(200, ask);
      expect(await answer.text()).toContain('[DONE]');
    } finally {
      speedUp();
    }
  });
});
