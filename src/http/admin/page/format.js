const NUMBER = new Intl.NumberFormat('en');

/** A number and its unit stay in one line. */
const GAP = '\u00a0';

/** @param {number} ms */
export function duration(ms) {
  if (ms < 999.5) return `${Math.round(ms)}${GAP}ms`;
  const seconds = ms / 1000;
  // Not 60.0 s.
  if (seconds < 59.95) return `${seconds.toFixed(1)}${GAP}s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes}${GAP}min ${Math.round(seconds) % 60}${GAP}s`;
  return `${Math.floor(minutes / 60)}${GAP}h ${minutes % 60}${GAP}min`;
}

/** @param {number} n */
export function count(n) {
  return NUMBER.format(n);
}

/**
 * @param {number} n
 * @param {string} one
 */
export function counted(n, one, many = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Where tenths would only flicker. @param {number} ms */
export function roughDuration(ms) {
  return ms < 59_500 ? `${Math.round(ms / 1000)}${GAP}s` : duration(ms);
}

/** @param {number} share from 0 to 1 */
export function percent(share) {
  const whole = Math.round(share * 100);
  return share > 0 && whole === 0 ? `<${GAP}1${GAP}%` : `${whole}${GAP}%`;
}

/** @param {number} n */
export function bytes(n) {
  if (n < 1024) return `${n}${GAP}B`;
  return n < 1024 * 1024
    ? `${(n / 1024).toFixed(1)}${GAP}KiB`
    : `${(n / 1024 / 1024).toFixed(1)}${GAP}MiB`;
}

/** @param {number} usd */
export function dollars(usd) {
  return `$${usd < 0.01 ? usd.toPrecision(2) : usd.toFixed(2)}`;
}

/** The time of day where whoever looks is. @param {string} iso */
export function clock(iso) {
  return new Date(iso).toLocaleTimeString([], { hourCycle: 'h23' });
}
