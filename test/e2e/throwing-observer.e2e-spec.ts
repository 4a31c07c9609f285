import * as fc from 'fast-check';
import type { Counter, Gauge, Histogram } from 'prom-client';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { EVERY_WAY } from '../support/route-forms.js';

/** What telemetry calls for every generation or token. */
const TOUCHES = ['inc', 'dec', 'observe', 'set', 'labels'] as const;

const METRICS = [
  'llm_tokens_total',
  'llm_token_latency_seconds',
  'llm_time_to_first_token_seconds',
  'llm_stream_tokens_per_second',
  'llm_active_streams',
  'llm_streams_total',
  'llm_stream_duration_seconds',
  'llm_attempts_total',
];

describe('Telemetry that throws', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await gateway.close();
  });

  it.each(EVERY_WAY)(
    'never touches an answer of $id on $form',
    async ({ id, model, says, ask }) => {
      gateway[id].script(says('Hello'));
      const broken = fc.subarray(METRICS, { minLength: 1 });
      const property = fc.asyncProperty(broken, fc.boolean(), async (names, isLogBroken) => {
        for (const name of names) breakMetric(name);
        if (isLogBroken) {
          for (const level of ['log', 'warn', 'error'] as const) {
            vi.spyOn(gateway.log, level).mockImplementation(() => {
              throw new Error('the log is full');
            });
          }
        }
        const { text, isWhole } = await ask(gateway, model);
        vi.restoreAllMocks();
        expect([text, isWhole]).toEqual(['Hello', true]);
      });
      await fc.assert(property, { numRuns: 20 });
      // A bug of telemetry is no secret.
      expect(gateway.log.text).toContain('observing failed');
    },
  );

  it('never touches a refusal', async () => {
    breakMetric('llm_rejections_total');
    const response = await gateway.complete({ model: 'nobody' });
    expect(response.status).toBe(404);
  });
});

function breakMetric(name: string): void {
  const metric = register.getSingleMetric(name) as (Counter & Gauge & Histogram) | undefined;
  if (!metric) throw new Error(`There is no metric ${name}.`);
  for (const touch of TOUCHES) {
    if (typeof metric[touch] !== 'function') continue;
    vi.spyOn(metric, touch).mockImplementation(() => {
      throw new Error('telemetry failed');
    });
  }
}
