import { Gauge, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { generationRecord } from '../../test/support/generation-record.js';
import { FlightRecorder } from './flight-recorder.js';

describe('The flight recorder', () => {
  it('does not call open what has its end and is still being read', async () => {
    const registers = [new Registry()];
    const waiting = new Gauge({ name: 'waiting', help: '…', labelNames: ['on'], registers });
    const recorder = new FlightRecorder(waiting);
    recorder.generationStarted(generationRecord({ id: 'runs' }));
    recorder.generationStarted(generationRecord({ id: 'is read', endReason: 'completed' }));
    const idsOf = (state: 'open' | 'ended') =>
      recorder.streams({ state }, 10).map(({ streamId }) => streamId);
    expect([idsOf('open'), idsOf('ended')]).toEqual([['runs'], ['is read']]);
    recorder.countWaiting();
    const { values } = await waiting.get();
    expect(values.reduce((sum, { value }) => sum + value, 0)).toBe(1);
  });
});
