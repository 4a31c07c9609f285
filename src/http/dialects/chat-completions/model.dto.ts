export class Model {
  /** The name to ask for. @example "gpt-4o" */
  id: string;
  object: 'model';
  /** Always 0. */
  created: number;
  /** Always `sluice`. */
  owned_by: string;
  /** Anthropic's word for `object`. */
  type: 'model';
  /** The name again, as Anthropic lists it. */
  display_name: string;
  /** Always the beginning of 1970, as `created`. */
  created_at: string;
}

export class ModelList {
  object: 'list';
  data: Model[];
  /** Always `false`: Anthropic lists in pages. */
  has_more: boolean;
  first_id: string | null;
  last_id: string | null;
}
