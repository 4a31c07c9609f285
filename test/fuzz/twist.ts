import type { Random } from '../load/random.js';

/** The frames of a streamed answer: what opens it, its tokens, its finish, and the protocol's own end. */
export interface Frames {
  readonly opening: string;
  readonly tokens: readonly string[];
  readonly finish: string;
  readonly done: string;
}

/** Makes of a good answer what some server out there makes of it. */
export type Twist = (frames: Frames, random: Random) => readonly string[];

export function flat({ opening, tokens, finish, done }: Frames): string[] {
  return [opening, ...tokens, finish, done].filter((frame) => frame !== '');
}

/** Twists that any wire may have: the order and number of its frames. */
export const COMMON_TWISTS = {
  none: (frames) => flat(frames),
  noDone: ({ opening, tokens, finish }) => [opening, ...tokens, finish],
  noFinish: ({ opening, tokens, done }) => [opening, ...tokens, done],
  twiceFinish: ({ opening, tokens, finish, done }) => [opening, ...tokens, finish, finish, done],
  noTokens: ({ opening, finish, done }) => [opening, finish, done],
  lostFrame: (frames, random) => {
    const all = flat(frames);
    return all.toSpliced(random.between(0, all.length - 1), 1);
  },
  doubledFrame: (frames, random) => {
    const all = flat(frames);
    const at = random.between(0, all.length - 1);
    return all.toSpliced(at, 0, all[at]!);
  },
  swappedFrames: (frames, random) => {
    const all = flat(frames);
    const at = random.between(0, all.length - 1);
    return all.toSpliced(at, 1).toSpliced(random.between(0, all.length - 1), 0, all[at]!);
  },
  afterEnd: (frames) => [...flat(frames), ...flat(frames)],
  unendedLast: (frames) => {
    const all = flat(frames);
    return [...all.slice(0, -1), all.at(-1)!.trimEnd()];
  },
} satisfies Record<string, Twist>;

/** These frames at a place behind the opening. */
export function inserted(frames: Frames, random: Random, ...more: readonly string[]): string[] {
  const all = flat(frames);
  return all.toSpliced(random.between(1, all.length), 0, ...more);
}
