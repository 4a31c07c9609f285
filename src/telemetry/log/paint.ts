import { styleText } from 'node:util';
import type { StandardStream } from './standard-streams.js';

type Style = 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow';

export type Paint = (style: Style, text: string) => string;

export const unpainted: Paint = (_, text) => text;

/** Node.js knows what a terminal can show, and who set NO_COLOR or FORCE_COLOR. Asked once: it looks at each call. */
export function paintFor(name: StandardStream): Paint {
  const isColoured = styleText('red', 'x', { stream: process[name] }) !== 'x';
  if (!isColoured) return unpainted;
  return (style, text) => styleText(style, text, { validateStream: false });
}
