import { Random } from '../load/random.js';

/** `endless` goes on until the caller leaves or is left. */
export type Length = 'short' | 'long' | 'endless';

const WORDS = [
  'Hello',
  ' wörld',
  ' 🌍',
  '\n\n',
  ' "quoted"',
  ' data: [DONE]',
  ' {',
  ' 世界',
  ' ok',
];
const KIB = 'x'.repeat(1024);

/** What every upstream answers to the n-th prompt: an answer that is taken up elsewhere goes on as it began. */
export function tokensOf(seed: number, n: number, length: Length): readonly string[] {
  const random = new Random(seed, n, 1);
  const size = length === 'short' ? random.between(1, 12) : random.between(200, 600);
  const words = Array.from({ length: size }, () => random.from(WORDS));
  return length === 'short' ? words : words.map((word) => word + KIB);
}

export function promptOf(n: number, length: Length): string {
  return `soak ${n} ${length}`;
}

/** Which prompt a request holds, whatever its protocol and whatever else is in it. */
export function promptIn(body: string): { readonly n: number; readonly length: Length } {
  const [, n, length] = /soak (\d+) (short|long|endless)/.exec(body) ?? [];
  if (n === undefined) throw new Error(`A request without a prompt: ${body.slice(0, 200)}`);
  return { n: Number(n), length: length as Length };
}
