import { Logger } from '@nestjs/common';
import type { GenerationObserver } from '../contract/generation.js';

/**
 * One observer out of several, each of whom is told of what it has a method for. What one of them throws is logged and reaches neither the others nor
 * the stream that it was told of: who watches must not touch.
 */
export function observedBy(observers: readonly Partial<GenerationObserver>[]): GenerationObserver {
  const each = (tell: (observer: Partial<GenerationObserver>) => void) => {
    for (const observer of observers) harmless(() => tell(observer));
  };
  return {
    generationStarted: (record) => each((one) => one.generationStarted?.(record)),
    attemptBegan: (record, target) => each((one) => one.attemptBegan?.(record, target)),
    contentBegan: (record) => each((one) => one.contentBegan?.(record)),
    stalled: (record, wait) => each((one) => one.stalled?.(record, wait)),
    attemptEnded: (record, attempt) => each((one) => one.attemptEnded?.(record, attempt)),
    malformedEvent: (backend) => each((one) => one.malformedEvent?.(backend)),
    targetNoticed: (target, notice) => each((one) => one.targetNoticed?.(target, notice)),
    breakerChanged: (target, state, fault) =>
      each((one) => one.breakerChanged?.(target, state, fault)),
    recoveryEnded: (record, outcome) => each((one) => one.recoveryEnded?.(record, outcome)),
    generationEnded: (record) => each((one) => one.generationEnded?.(record)),
  };
}

const logger = new Logger('Telemetry');

/** Does what must never be the end of a stream. */
export function harmless(act: () => void): void {
  try {
    act();
  } catch (error) {
    try {
      // The name only: a message may quote what a caller wrote.
      logger.error(`observing failed: ${error instanceof Error ? error.name : typeof error}`);
    } catch {
      // The log itself fails.
    }
  }
}
