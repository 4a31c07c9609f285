/** Which case a request belongs to, said in its prompt; a mark that was damaged is none. */
export function markOf(k: number): string {
  return `fuzz-${k}-${checkOf(k)}.`;
}

export function markIn(body: string): number | undefined {
  const [, k = '', check] = /fuzz-(\d{1,9})-([0-9a-z]+)\./.exec(body) ?? [];
  return check !== undefined && check === checkOf(Number(k)) ? Number(k) : undefined;
}

function checkOf(k: number): string {
  return (Math.imul(k + 1, 0x9e3779b1) >>> 0).toString(36);
}
