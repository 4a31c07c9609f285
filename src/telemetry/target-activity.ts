import { Injectable } from '@nestjs/common';
import type { Target } from '../contract/chat-backend.js';
import type { Fault } from '../contract/faults.js';
import type {
  AttemptRecord,
  GenerationObserver,
  GenerationRecord,
} from '../contract/generation.js';

/** Of how many attempts a target's share is taken. */
const RECENT = 1000;

export interface LastFault {
  readonly fault: Fault;
  readonly at: Date;
}

/** What targets are asked, and how the last failure of each was called. */
@Injectable()
export class TargetActivity implements Partial<GenerationObserver> {
  readonly #inFlight = new Map<string, number>();
  readonly #lastFaults = new Map<string, LastFault>();
  /** The targets of the last attempts, from the oldest on. */
  readonly #recent: string[] = [];

  attemptBegan(_: GenerationRecord, target: Target): void {
    const name = nameOf(target);
    this.#inFlight.set(name, this.inFlight(target) + 1);
    this.#recent.push(name);
    if (this.#recent.length > RECENT) this.#recent.shift();
  }

  attemptEnded(_: GenerationRecord, attempt: AttemptRecord): void {
    this.#inFlight.set(nameOf(attempt), this.inFlight(attempt) - 1);
    const { outcome: fault } = attempt;
    if (fault === 'ok' || fault === 'cancelled') return;
    this.#lastFaults.set(nameOf(attempt), { fault, at: new Date() });
  }

  /** Attempts at it that run. */
  inFlight(target: Target): number {
    return this.#inFlight.get(nameOf(target)) ?? 0;
  }

  /** Of this process. */
  lastFault(target: Target): LastFault | undefined {
    return this.#lastFaults.get(nameOf(target));
  }

  /** How many of the last 1,000 attempts went to it, from 0 to 1. */
  share(target: Target): number {
    const name = nameOf(target);
    const { length } = this.#recent;
    return length === 0 ? 0 : this.#recent.filter((each) => each === name).length / length;
  }
}

function nameOf({ backend, model }: Target): string {
  return `${backend}/${model}`;
}
