import { readFileSync } from 'node:fs';

interface Node {
  readonly id: number;
  readonly callFrame: { functionName: string; url: string; lineNumber: number };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 30;

/** What was done while it was profiled. */
interface Work {
  readonly unit: string;
  readonly units: number;
  /** Of all threads of the process. */
  readonly cpuMs: number;
}

/**
 * Prints where the time of a profile went, for each unit of work: by function, by file, and by file
 * with all it called. Samples are taken by the clock: a main thread that takes longer than the
 * process has had of the CPU waited for a core, mostly in the call that woke another process.
 */
export function printProfile(file: string, { unit, units, cpuMs }: Work): void {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const selfOf = new Map<number, number>();
  samples.forEach((id, n) => selfOf.set(id, (selfOf.get(id) ?? 0) + timeDeltas[n]!));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const functions = new Tally();
  const files = new Tally();
  const inclusive = new Tally();
  const visit = (node: Node, callers: ReadonlySet<string>) => {
    const self = selfOf.get(node.id) ?? 0;
    const { functionName, lineNumber } = node.callFrame;
    // The profiler's own start is counted as well.
    if (functionName === '(idle)' || node.callFrame.url === 'node:inspector') return;
    const place = placeOf(node);
    functions.add(`${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`, self);
    files.add(place, self);
    const all = new Set(callers).add(place);
    for (const name of all) inclusive.add(name, self);
    for (const child of node.children ?? []) visit(byId.get(child)!, all);
  };
  visit(nodes[0]!, new Set());
  const [onThread, onCpu] = [functions.total, cpuMs * 1000].map((us) => (us / units).toFixed(1));
  console.error(
    `\n${file}: ${onThread} µs per ${unit} on the main thread, ${onCpu} µs of CPU in the process`,
  );
  functions.print('by function, self', units);
  files.print('by file or package, self', units);
  inclusive.print('by file or package, with what it called', units, functions.total);
}

/** Microseconds by name. */
class Tally {
  readonly #of = new Map<string, number>();

  get total(): number {
    return [...this.#of.values()].reduce((sum, value) => sum + value, 0);
  }

  add(name: string, value: number): void {
    this.#of.set(name, (this.#of.get(name) ?? 0) + value);
  }

  print(title: string, units: number, total = this.total): void {
    console.error(`\n${title}`);
    const sorted = [...this.#of].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN);
    for (const [name, value] of sorted) {
      const share = ((value / total) * 100).toFixed(1).padStart(5);
      console.error(`${share} % ${(value / units).toFixed(2).padStart(7)} µs  ${name}`);
    }
  }
}

/** A file of Sluice, a package, or a module of Node. */
function placeOf({ callFrame: { url } }: Node): string {
  const path = url.replace(/^file:\/\//, '');
  const installed = path.split('/node_modules/').at(-1)!;
  if (installed !== path) return /^(@[^/]+\/)?[^/]+/.exec(installed)![0] + ' (package)';
  return path.replace(/^.*\/(?=dist\/|bench\/)/, '') || '(native)';
}
