import { Injectable } from '@nestjs/common';
import type { GatewayError } from '../contract/gateway-error.js';
import { GenerationLifetime } from './generation-lifetime.js';

/** Every generation that is not over: the drain ends them all at once. */
@Injectable()
export class RunningGenerations {
  readonly #lifetimes = new Set<GenerationLifetime>();

  get count(): number {
    return this.#lifetimes.size;
  }

  /** A lifetime that is held here until it is disposed of. */
  begin(caller: AbortSignal, totalMs: number): GenerationLifetime {
    const lifetime: GenerationLifetime = new GenerationLifetime(caller, totalMs, () => {
      this.#lifetimes.delete(lifetime);
    });
    this.#lifetimes.add(lifetime);
    return lifetime;
  }

  /** Their callers get `reason`, in-band or with its status. */
  abortAll(reason: GatewayError): void {
    for (const lifetime of this.#lifetimes) lifetime.abort(reason);
  }
}
