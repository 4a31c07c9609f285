import { Injectable } from '@nestjs/common';
import type { GatewayError } from '../contract/gateway-error.js';
import { GenerationLifetime } from './generation-lifetime.js';

/** Which generation it is. */
export interface RunningGeneration {
  /** Of its stream. */
  readonly id: string;
  /** Id of its caller. */
  readonly caller: string;
}

/** Every generation that is not over: whoever drains, or runs Sluice, may end them. */
@Injectable()
export class RunningGenerations {
  readonly #lifetimes = new Map<GenerationLifetime, RunningGeneration>();

  get count(): number {
    return this.#lifetimes.size;
  }

  /** A lifetime that is held here until it is disposed of. */
  begin(which: RunningGeneration, caller: AbortSignal, totalMs: number): GenerationLifetime {
    const lifetime: GenerationLifetime = new GenerationLifetime(caller, totalMs, () => {
      this.#lifetimes.delete(lifetime);
    });
    this.#lifetimes.set(lifetime, which);
    return lifetime;
  }

  /**
   * Their callers get `reason`, in-band or with its status.
   * @returns how many of them there were
   */
  abort(reason: GatewayError, isMeant: (which: RunningGeneration) => boolean = () => true): number {
    const meant = [...this.#lifetimes].filter(([, which]) => isMeant(which));
    for (const [lifetime] of meant) lifetime.abort(reason);
    return meant.length;
  }
}
