import { ByteBudget } from '../../src/contract/byte-budget.js';
import type { StreamSource } from '../../src/backends/shared/connection/stream-source.js';
import type { UpstreamSettings } from '../../src/backends/shared/connection/upstream-settings.js';

/** The settings of a backend that is made without a configuration. */
export function settingsOf<T extends Partial<UpstreamSettings>>(
  given: T & { readonly id: string; readonly baseUrl: string },
): T & UpstreamSettings {
  return { connectMs: 3000, ...eventBounds(), ...given };
}

/** Where a stream comes from that is read without a backend. */
export function sourceOf(given: Partial<StreamSource> = {}): StreamSource {
  return { backend: 'backend', model: 'asked-model', secrets: [], ...eventBounds(), ...given };
}

function eventBounds() {
  return {
    maxEventBytes: 1024 * 1024,
    eventBytes: new ByteBudget({ maxBytes: 8 * 1024 * 1024, what: 'large answers' }),
  };
}
