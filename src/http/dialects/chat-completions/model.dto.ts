export class Model {
  /** The name to ask for. @example "gpt-4o" */
  id: string;
  object: 'model';
  /** Always 0. */
  created: number;
  /** Always `sluice`. */
  owned_by: string;
}

export class ModelList {
  object: 'list';
  data: Model[];
}
