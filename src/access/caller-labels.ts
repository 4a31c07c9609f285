/** Who has no label of its own. */
export const OTHER = 'other';

/** Labels of callers that no configuration names: the first ones have their own, so that metrics stay bounded. */
export class CallerLabels {
  readonly #labels = new Set<string>();

  constructor(private readonly max: number) {}

  of(id: string): string {
    if (this.#labels.has(id)) return id;
    if (this.#labels.size >= this.max) return OTHER;
    this.#labels.add(id);
    return id;
  }
}
