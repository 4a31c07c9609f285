import { Random } from '../load/random.js';
import { type Wire, WIRES } from '../load/upstream-wires.js';
import { ollamaAnswer, ollamaBody, openAiAnswer, openAiBody } from '../property/upstream-bodies.js';
import { damagedBytes, sampled } from './byte-damage.js';
import { deepJson } from './deep.js';
import { OLLAMA_TWISTS } from './ollama-twists.js';
import { OPENAI_TWISTS } from './openai-twists.js';
import type { Twist } from './twist.js';

export type Kind = keyof typeof WIRES;

/** What is known of a request when its answer is chosen. */
export interface Asked {
  readonly seed: number;
  /** The case; -1 when the request does not say. */
  readonly k: number;
  /** Requests of this case before. */
  readonly attempt: number;
  readonly kind: Kind;
  readonly streams: boolean;
  /** The beginning of the answer that the request holds, if it asks to go on with it. */
  readonly prefill: string;
}

export interface Body {
  readonly bytes: Uint8Array;
  /** How it was made, for whoever reads a finding. */
  readonly how: string;
}

const WORDS = [
  'Hello',
  ' wörld',
  ' 🌍',
  '\n\n',
  ' "q"',
  ' data: [DONE]',
  ' {',
  ' 世界',
  ' ok',
  '}\n',
];

/** What every upstream answers in a case, so that one can take up what another one began. */
function wordsOf(seed: number, k: number): readonly string[] {
  const random = new Random(seed, k, 1);
  const share = random.chance(0.05) ? 400 : 0;
  const size = random.between(1, 12);
  return Array.from({ length: size }, (_, n) => `${random.from(WORDS)}${n}${'x'.repeat(share)}`);
}

/** The body of a good answer, with or without something odd about it. */
export function bodyFor(asked: Asked, random: Random): Body {
  if (asked.k < 0) return plainStory(asked, random, 'none');
  const made = random.chance(0.25) ? sampledBody(asked) : story(asked, random);
  if (!random.chance(asked.attempt === 0 ? 0.3 : 0.1)) return made;
  return { bytes: damagedBytes(random, made.bytes), how: `${made.how}, damaged` };
}

/** From the properties' arbitraries: the same for every attempt of the case. */
function sampledBody({ seed, k, kind, streams }: Asked): Body {
  const bodies = {
    openai: streams ? openAiBody : openAiAnswer,
    ollama: streams ? ollamaBody : ollamaAnswer,
  };
  return { bytes: sampled(new Random(seed, k, 2), bodies[kind]), how: 'sampled' };
}

function story(asked: Asked, random: Random): Body {
  const twists: Readonly<Record<string, Twist>> =
    asked.kind === 'openai' ? OPENAI_TWISTS : OLLAMA_TWISTS;
  const names = Object.keys(twists);
  return plainStory(asked, random, random.chance(0.5) ? 'none' : random.from(names));
}

function plainStory(asked: Asked, random: Random, name: string): Body {
  const twists: Readonly<Record<string, Twist>> =
    asked.kind === 'openai' ? OPENAI_TWISTS : OLLAMA_TWISTS;
  const wire = WIRES[asked.kind];
  const words = rest(wordsOf(asked.seed, asked.k), asked.prefill);
  const bytes = asked.streams
    ? Buffer.from(twists[name]!(framesOf(wire, words), random).join(''))
    : Buffer.from(wholeJson(wire.whole(words.join('')), random, name));
  return { bytes, how: asked.streams ? name : `whole ${name}` };
}

function wholeJson(answer: unknown, random: Random, name: string): string {
  const json = JSON.stringify(answer);
  return name === 'deep' ? `${json.slice(0, -1)},"deep":${deepJson(random)}}` : json;
}

function framesOf(wire: Wire, words: readonly string[]) {
  const { opening, finish, done } = wire;
  return { opening, tokens: words.map((word) => wire.token(word)), finish, done };
}

/** What is left to say for a target that was given the beginning. */
function rest(words: readonly string[], prefill: string): readonly string[] {
  const text = words.join('');
  return prefill !== '' && text.startsWith(prefill) ? [text.slice(prefill.length)] : words;
}
