import type { UpstreamScript } from '../support/scripted-upstream.js';

/** One body, sent in pieces of these sizes, and then this end of the connection. */
export function plays(
  contentType: string,
  body: Uint8Array,
  sizes: number | readonly number[],
  end: 'eof' | 'cut' | 'reset',
): UpstreamScript {
  return async (exchange) => {
    exchange.open(contentType);
    await exchange.writeInPieces(body, sizes);
    exchange[end]();
  };
}
