import type { Panel } from './dashboard.js';

/** About what Grafana's names of colours look like. */
const COLOURS: Readonly<Record<string, string>> = {
  green: '#56a64b',
  red: '#e02f44',
  'dark-red': '#ad0317',
  'super-light-red': '#ffa6b0',
  orange: '#ff780a',
  'dark-orange': '#e55400',
  'light-orange': '#ffb357',
  'semi-dark-orange': '#fa6400',
  yellow: '#f2cc0c',
  'super-light-yellow': '#ffee52',
  blue: '#3274d9',
  'light-blue': '#8ab8ff',
  'semi-dark-blue': '#5794f2',
  purple: '#a352cc',
  'light-purple': '#ca95e5',
  text: '#6e7079',
};

const PALETTE = [
  '#56a64b',
  '#f2cc0c',
  '#5794f2',
  '#ff780a',
  '#e02f44',
  '#a352cc',
  '#37872d',
  '#b877d9',
  '#705da0',
  '#1f60c4',
  '#c15c17',
];

/** What an override says of this name, else the next one of the palette. */
export function colourOf({ fieldConfig }: Panel, name: string, n: number): string {
  for (const { matcher, properties } of fieldConfig.overrides) {
    if (matcher.id !== 'byName' || matcher.options !== name) continue;
    const colour = properties.find(({ id }) => id === 'color')?.value as { fixedColor: string };
    return COLOURS[colour.fixedColor] ?? colour.fixedColor;
  }
  return PALETTE[n % PALETTE.length]!;
}

/** What the panel's own mappings say of a value, as "Breakers" has them. */
export function colourOfValue({ fieldConfig }: Panel, value: number): string {
  const meaning = fieldConfig.defaults.mappings?.[0]?.options[String(value)];
  return COLOURS[meaning?.color ?? 'text']!;
}

export function withUnit(value: number, unit = 'short'): string {
  switch (unit) {
    case 's':
      return value !== 0 && value < 1 ? `${short(value * 1000)} ms` : `${short(value)} s`;
    case 'percentunit':
      return `${short(value * 100)} %`;
    case 'currencyUSD':
      return `$${short(value)}`;
    case 'bytes':
      return `${short(value / 1024 / 1024)} MiB`;
    case 'reqps':
    case 'cps':
      return `${short(value)}/s`;
    default:
      return short(value);
  }
}

function short(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(0)}k`;
  return String(Number(value.toPrecision(3)));
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
