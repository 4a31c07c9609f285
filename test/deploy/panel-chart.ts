import type { Panel } from './dashboard.js';
import type { Line, Shown } from './panel-answers.js';
import { colourOf, escaped, withUnit } from './panel-words.js';

const LEFT = 46;
const BOTTOM = 16;
const TOP = 6;

type Point = readonly [number, number];

/** Lines, or areas on top of each other, as the panel says, with a legend. */
export function chart(panel: Panel, lines: readonly Line[], size: Size, shown: Shown): string {
  const { unit } = panel.fieldConfig.defaults;
  const isStacked = panel.fieldConfig.defaults.custom?.stacking?.mode === 'normal';
  const known = lines.map((line) => ({
    ...line,
    points: line.points.filter(([, value]) => Number.isFinite(value)),
  }));
  const stacked = isStacked
    ? stack(known)
    : known.map((line) => ({ ...line, under: [] as Point[] }));
  const highest = Math.max(0, ...stacked.flatMap(({ points }) => points.map(([, value]) => value)));
  const top = panel.fieldConfig.defaults.max ?? niceAbove(highest, unit);
  const x = (at: number) =>
    LEFT + ((at - shown.start) / (shown.end - shown.start)) * (size.width - LEFT - 6);
  const y = (value: number) =>
    size.height - BOTTOM - (Math.min(value, top) / top) * (size.height - BOTTOM - TOP);
  const path = (points: readonly Point[], begin = 'M') =>
    points
      .map(([at, value], n) => `${n === 0 ? begin : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('');
  const drawn = stacked.map(({ name, points, under }, n) => {
    const colour = colourOf(panel, name, n);
    const area = isStacked
      ? `<path d="${path(points)}${path(under.toReversed(), 'L')}Z" fill="${colour}" fill-opacity="0.75"/>`
      : '';
    const dash = isDashed(panel, name) ? ' stroke-dasharray="4 3"' : '';
    const line = `<path d="${path(points)}" fill="none" stroke="${colour}" stroke-width="1.4"${dash}/>`;
    return points.length === 0 ? '' : area + line;
  });
  const scale = [0, 0.5, 1].map((part) => {
    const at = y(part * top);
    return `<path d="M${LEFT} ${at}H${size.width - 6}" stroke="#e3e3e8"/><text x="${LEFT - 4}" y="${at + 3}" text-anchor="end">${escaped(withUnit(part * top, unit))}</text>`;
  });
  const seconds = shown.end - shown.start;
  const times = [0, 0.5, 1].map(
    (part) =>
      `<text x="${x(shown.start + part * seconds)}" y="${size.height - 3}" text-anchor="${['start', 'middle', 'end'][part * 2]}">${Math.round(part * seconds)} s</text>`,
  );
  const legend = lines.map(
    ({ name }, n) =>
      `<span><i style="background:${colourOf(panel, name, n)}"></i>${escaped(name || panel.title)}</span>`,
  );
  return `<svg width="${size.width}" height="${size.height}">${scale.join('')}${times.join('')}${drawn.join('')}</svg><div class="legend">${legend.join('')}</div>`;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Each line on top of those before it; where one has no value it is 0. */
function stack(lines: readonly Line[]): (Line & { readonly under: readonly Point[] })[] {
  const moments = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].toSorted(
    (a, b) => a - b,
  );
  const sums = new Map(moments.map((at) => [at, 0]));
  return lines.map((line) => {
    const own = new Map(line.points);
    const under = moments.map((at) => [at, sums.get(at)!] as const);
    const points = moments.map((at) => {
      const sum = sums.get(at)! + (own.get(at) ?? 0);
      sums.set(at, sum);
      return [at, sum] as const;
    });
    return { ...line, points, under };
  });
}

function niceAbove(value: number, unit?: string): number {
  const one = unit === 'bytes' ? 1024 * 1024 : 1;
  if (value <= 0) return one;
  const power = 10 ** Math.floor(Math.log10(value / one));
  const factor = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((each) => each * power * one >= value)!;
  return factor * power * one;
}

function isDashed({ fieldConfig }: Panel, name: string): boolean {
  return fieldConfig.overrides.some(
    ({ matcher, properties }) =>
      matcher.id === 'byRegexp' &&
      new RegExp(matcher.options.slice(1, -1)).test(name) &&
      properties.some(({ id }) => id === 'custom.lineStyle'),
  );
}
