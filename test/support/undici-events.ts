import diagnostics from 'node:diagnostics_channel';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Resolves once Sluice has read the headers of its upstream, or (`trailers`) all of its answer. */
export async function upstreamSent(part: 'headers' | 'trailers'): Promise<void> {
  const channel = `undici:request:${part}`;
  const { promise, resolve } = Promise.withResolvers<void>();
  diagnostics.subscribe(channel, function seen() {
    diagnostics.unsubscribe(channel, seen);
    resolve();
  });
  await promise;
  // Whoever waits for them in Sluice has them in the same turn.
  await nextTurn();
}
