import { Injectable } from '@nestjs/common';
import type { EndReason } from '../contract/faults.js';
import { GenerationScope } from './generation-scope.js';

/** Every generation that is not over, for whoever has to end them all. */
@Injectable()
export class RunningGenerations {
  readonly #scopes = new Set<GenerationScope>();

  get count(): number {
    return this.#scopes.size;
  }

  /** A scope that is held here until it is disposed of. */
  begin(caller: AbortSignal, totalMs: number): GenerationScope {
    const scope: GenerationScope = new GenerationScope(caller, totalMs, () => {
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
