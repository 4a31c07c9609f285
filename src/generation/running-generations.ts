import { Injectable } from '@nestjs/common';
import type { EndReason } from '../contract/faults.js';
import { GenerationLifetime } from './generation-lifetime.js';

/** Every generation that is not over, for whoever has to end them all. */
@Injectable()
export class RunningGenerations {
  readonly #scopes = new Set<GenerationLifetime>();

  get count(): number {
    return this.#scopes.size;
  }

  /** A scope that is held here until it is disposed of. */
  begin(caller: AbortSignal, totalMs: number): GenerationLifetime {
    const scope: GenerationLifetime = new GenerationLifetime(caller, totalMs, () => {
      this.#scopes.delete(scope);
    });
    this.#scopes.add(scope);
    return scope;
  }

  /** Their readers get the error that says why, in-band or with a status. */
  endAll(reason: EndReason): void {
    for (const scope of this.#scopes) scope.end(reason);
  }
}
