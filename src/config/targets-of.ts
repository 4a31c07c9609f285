import type { Target } from '../contract/chat-backend.js';
import { perSnapshot } from './per-snapshot.js';

/** One target of a configuration, whichever models it answers for. */
export interface ConfiguredTarget extends Target {
  /** The ids of its models. */
  readonly models: readonly string[];
  /** Nobody asks it: it is disabled, or its backend, or all of its models. */
  readonly isDisabled: boolean;
}

/** The targets of a configuration, by `backend/model`. */
export const targetsOf = perSnapshot(
  ({ backends, models }): ReadonlyMap<string, ConfiguredTarget> => {
    const off = new Set(backends.filter(({ disabled }) => disabled).map(({ id }) => id));
    const targets = new Map<string, ConfiguredTarget>();
    for (const { id, disabled: isModelOff = false, targets: its } of models) {
      for (const { backend, model, disabled = false } of its) {
        const name = `${backend}/${model}`;
        const known = targets.get(name);
        const isOff = isModelOff || disabled || off.has(backend);
        targets.set(name, {
          backend,
          model,
          models: [...(known?.models ?? []), id],
          isDisabled: isOff && (known?.isDisabled ?? true),
        });
      }
    }
    return targets;
  },
);

/** Whether somebody may ask it. */
export function isAsked(targets: ReadonlyMap<string, ConfiguredTarget>, name: string): boolean {
  return targets.get(name)?.isDisabled === false;
}
