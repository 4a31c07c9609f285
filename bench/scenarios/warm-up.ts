import { streamAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';

const CHUNKS = 20;

/** Short streams that have the code compiled and the pools filled, the same for every contestant. */
export async function warmUp(bench: Bench, port: number, requests: number): Promise<void> {
  await bench.plan({ chunks: CHUNKS, textChars: 16 });
  await bench.load({ ask: streamAsk(port, CHUNKS), requests, atOnce: 32, spreadMs: 0 });
}
