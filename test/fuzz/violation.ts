/** Something that must not be, and the cases that it may come from. */
export interface Violation {
  readonly what: string;
  /** Empty where it is not about any one case. */
  readonly cases: readonly number[];
}
