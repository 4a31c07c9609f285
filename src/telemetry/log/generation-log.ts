import { Injectable, Logger } from '@nestjs/common';
import type { Target } from '../../contract/chat-backend.js';
import type { Fault } from '../../contract/faults.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import { defined } from '../../contract/json.js';
import type {
  AttemptRecord,
  BreakerState,
  GenerationObserver,
  GenerationRecord,
  TargetNotice,
} from '../../contract/generation.js';
import type { Wait } from '../../contract/waits.js';
import { reportOf, toAttemptReport } from '../stream-report.js';

/** An upstream's own word in the log. */
const MAX_WORD_CHARS = 64;

/** A sentence may quote the request. */
function shownWord(word: string): string {
  return /\s/.test(word) ? 'a sentence' : word.slice(0, MAX_WORD_CHARS);
}

/** An upstream that invents a new word for every answer is not worth a line for each. */
const MAX_NOTICES = 1000;

/**
 * One line per generation, when it has ended. It says everything but what was asked and answered:
 * no prompt, no answer, no message of an upstream's error.
 */
@Injectable()
export class GenerationLog implements Partial<GenerationObserver> {
  readonly #logger = new Logger('Generation');
  readonly #noticed = new Set<string>();

  /** Once for each target and word: it would be said with every answer. */
  targetNoticed({ backend, model }: Target, notice: TargetNotice): void {
    const word = 'word' in notice ? shownWord(notice.word) : undefined;
    const name = JSON.stringify([backend, model, notice.kind, word]);
    if (this.#noticed.has(name) || this.#noticed.size >= MAX_NOTICES) return;
    this.#noticed.add(name);
    const line = defined({ target: `${backend}/${model}`, notice: notice.kind, word });
    this.#logger.warn('target noticed', line);
  }

  /** A target that is given up or taken up again concerns more than one request: it has a line of its own. */
  breakerChanged({ backend, model }: Target, state: BreakerState, fault?: Fault): void {
    const line = defined({ target: `${backend}/${model}`, state, fault });
    if (state === 'open') this.#logger.warn('breaker opened', line);
    else if (state === 'closed') this.#logger.log('breaker closed', line);
  }

  attemptEnded({ requestId }: GenerationRecord, attempt: AttemptRecord): void {
    this.#logger.debug('attempt ended', { requestId, ...toAttemptReport(attempt) });
  }

  stalled({ requestId }: GenerationRecord, { on, ms }: Wait): void {
    this.#logger.debug('stalled', { requestId, on, ms: Math.round(ms) });
  }

  generationEnded(record: GenerationRecord): void {
    const { error } = record;
    const isBug = record.fault === 'internal';
    const line = { ...reportOf(record), ...(isBug && error && { stack: framesOf(error) }) };
    const message = `generation ended: ${record.endReason}`;
    if (isBug) this.#logger.error(message, line);
    else if (record.fault !== undefined) this.#logger.warn(message, line);
    else this.#logger.log(message, line);
  }
}

/** Where a bug is, without its message, which may quote what a caller wrote, in lines of any form. */
export function framesOf({ cause }: GatewayError): string[] {
  if (!(cause instanceof Error)) return [];
  const { name, message, stack = '' } = cause;
  const at = stack.indexOf(message);
  // A message that was changed after the stack was taken cannot be told from frames.
  if (at === -1) return [name];
  const lines = stack.slice(at + message.length).split('\n');
  return [name, ...lines.map((line) => line.trim()).filter((line) => line.startsWith('at '))];
}
