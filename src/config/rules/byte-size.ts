const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** The number of bytes that a size of the configuration means, such as `20mb`. */
export function bytesOf(size: string | number): number {
  if (typeof size === 'number') return size;
  const unit = /[a-z]+$/i.exec(size)?.[0].toLowerCase() ?? 'b';
  return Math.floor(Number.parseFloat(size) * UNITS[unit]!);
}
