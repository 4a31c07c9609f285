import type { Window } from '../window.js';

/** Where usage is counted: in this process, or together with other replicas. Its promises never reject. */
export interface UsageStore {
  /**
   * Adds to what was used in a window; a negative amount gives back, and only while the window lasts.
   * @returns all that was used in it
   */
  add(window: Window, amount: number): Promise<number>;
  /** Counts one of `limit` that run at once. @returns whether there was room for it */
  acquire(name: string, lease: string, limit: number): Promise<boolean>;
  /** Does nothing where it was not acquired. */
  release(name: string, lease: string): Promise<void>;
}
/** The injection token has the same name. */
export const UsageStore = Symbol('UsageStore');
