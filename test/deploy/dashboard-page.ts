import { DASHBOARD, type Panel } from './dashboard.js';
import type { Line, Shown } from './panel-answers.js';
import { chart } from './panel-chart.js';
import { colourOfValue, escaped, withUnit } from './panel-words.js';

const COLUMN = 46;
const ROW = 26;

const STYLE = `
body { margin: 0; padding: 8px; background: #f4f5f5; font: 11px sans-serif; color: #24292e; width: ${24 * COLUMN}px }
main { position: relative }
section { position: absolute; box-sizing: border-box; background: #fff; border: 1px solid #dcdce0; border-radius: 2px; padding: 4px 6px; overflow: hidden }
h1 { font-size: 15px; margin: 0 0 6px } h2 { position: absolute; margin: 0; font-size: 13px; padding-top: 5px } h3 { font-size: 11px; margin: 0 0 2px }
svg { display: block } svg text { font: 9px sans-serif; fill: #6e7079 }
.legend { line-height: 12px; font-size: 9px } .legend span { margin-right: 8px; white-space: nowrap } .legend i { display: inline-block; width: 8px; height: 8px; margin-right: 3px }
.stat { font-size: 26px; text-align: center; padding-top: 14px } td, th { text-align: left; padding-right: 12px; font-weight: normal } th { color: #6e7079 }
.bar { height: 14px; background: #8ab8ff; white-space: nowrap; margin-bottom: 3px; padding: 2px 4px; min-width: 1px }`;

/** The dashboard as a page without a script, about as Grafana lays it out. */
export function dashboardPage(answers: ReadonlyMap<number, readonly Line[]>, shown: Shown): string {
  const bottom = Math.max(
    ...DASHBOARD.panels.map((panel) =>
      'gridPos' in panel ? panel.gridPos.y + panel.gridPos.h : 0,
    ),
  );
  const panels = DASHBOARD.panels.map((panel) => {
    if (!('targets' in panel)) return rowTitle(panel as unknown as Panel);
    const { x, y, w, h } = panel.gridPos;
    const place = `left:${x * COLUMN + 2}px;top:${y * ROW + 2}px;width:${w * COLUMN - 4}px;height:${h * ROW - 4}px`;
    const size = { width: w * COLUMN - 18, height: h * ROW - 54 };
    return `<section style="${place}"><h3>${escaped(panel.title)}</h3>${contentOf(panel, answers.get(panel.id) ?? [], size, shown)}</section>`;
  });
  return `<!doctype html><meta charset="utf-8"><title>${DASHBOARD.title}</title><style>${STYLE}</style><h1>${DASHBOARD.title}</h1><main style="height:${bottom * ROW}px">${panels.join('')}</main>`;
}

function rowTitle({ title, gridPos }: Panel): string {
  return `<h2 style="top:${gridPos.y * ROW}px">${escaped(title)}</h2>`;
}

function contentOf(
  panel: Panel,
  lines: readonly Line[],
  size: { width: number; height: number },
  shown: Shown,
): string {
  const unit = panel.fieldConfig.defaults.unit;
  switch (panel.type) {
    case 'stat': {
      const last = lines[0]?.points.findLast(([, value]) => Number.isFinite(value));
      return `<div class="stat">${last ? escaped(withUnit(last[1], unit)) : 'no data'}</div>`;
    }
    case 'state-timeline':
      return timeline(panel, lines, size, shown);
    case 'bargauge': {
      const most = Math.max(...lines.map(({ points }) => points[0]![1]));
      const bars = lines.map(({ name, points }) => {
        const value = points[0]![1];
        return `<div class="bar" style="width:${(value / most) * 60}%">${escaped(name)}: ${escaped(withUnit(value, unit))}</div>`;
      });
      return bars.join('');
    }
    case 'table': {
      const columns = Object.keys(lines[0]?.metric ?? {});
      const rows = lines.map(({ metric }) =>
        cells(
          'td',
          columns.map((name) => metric[name] ?? ''),
        ),
      );
      return `<table>${cells('th', columns)}${rows.join('')}</table>`;
    }
    default:
      return chart(panel, lines, size, shown);
  }
}

function cells(tag: 'td' | 'th', texts: readonly string[]): string {
  return `<tr>${texts.map((text) => `<${tag}>${escaped(text.slice(0, 24))}</${tag}>`).join('')}</tr>`;
}

/** A bar for each series, in the colour of its value from moment to moment. */
function timeline(
  panel: Panel,
  lines: readonly Line[],
  { width }: { width: number },
  { start, end, step }: Shown,
): string {
  const x = (at: number) => 110 + ((at - start) / (end - start)) * (width - 110);
  const rows = lines.map(({ name, points }, n) => {
    const bars = points.map(
      ([at, value]) =>
        `<rect x="${x(at).toFixed(1)}" y="${n * 18}" width="${Math.max(1, x(start + step) - x(start)).toFixed(1)}" height="13" fill="${colourOfValue(panel, value)}"/>`,
    );
    return `<text x="0" y="${n * 18 + 10}">${escaped(name)}</text>${bars.join('')}`;
  });
  return `<svg width="${width}" height="${lines.length * 18}">${rows.join('')}</svg>`;
}
