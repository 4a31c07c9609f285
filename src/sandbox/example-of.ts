import { at, numberAt } from './at.js';
import { textOf } from './example-text.js';

/** Deeper than schemas go; a recursive one would never end. */
const MAX_DEPTH = 24;

/** More than an example needs: schemas can ask for any number of items, and hold themselves twice. */
const MAX_VALUES = 2000;
const MAX_ITEMS = 100;

/** About the smallest value that a JSON schema allows: required properties only, the fewest items. */
export function exampleOf(schema: unknown): unknown {
  return new Example(schema).of(schema, 0);
}

class Example {
  #values = 0;

  constructor(private readonly root: unknown) {}

  of(schema: unknown, depth: number): unknown {
    if (depth > MAX_DEPTH || ++this.#values > MAX_VALUES) return null;
    const example = (part: unknown) => this.of(part, depth + 1);
    const [ref, values] = [at(schema, '$ref'), at(schema, 'enum')];
    if (typeof ref === 'string') return example(at(this.root, ...ref.split('/').slice(1)));
    if (has(schema, 'const')) return at(schema, 'const');
    if (Array.isArray(values)) return values[0];
    const choices = at(schema, 'anyOf') ?? at(schema, 'oneOf');
    if (Array.isArray(choices)) {
      return example(choices.find((each) => at(each, 'type') === 'null') ?? choices[0]);
    }
    if (has(schema, 'allOf')) return example(merged(this.#parts(schema, depth)));
    return this.#ofType(schema, example);
  }

  #ofType(schema: unknown, example: (part: unknown) => unknown): unknown {
    switch (typeOf(schema)) {
      case 'object': {
        const names = [at(schema, 'required') ?? []].flat().map(String);
        return Object.fromEntries(names.map((n) => [n, example(at(schema, 'properties', n))]));
      }
      case 'array':
        return this.#items(schema).map(example);
      case 'string':
        return textOf(schema);
      case 'integer':
      case 'number':
        return numberOf(schema);
      case 'boolean':
        return true;
      default:
        return null;
    }
  }

  /** The schemas of as many items as there must be. */
  #items(schema: unknown): unknown[] {
    const tuple = [at(schema, 'prefixItems'), at(schema, 'items')].find(Array.isArray) ?? [];
    const least = Math.min(numberAt(schema, 'minItems') ?? 0, MAX_ITEMS);
    const others = Math.max(0, least - tuple.length);
    return [...tuple, ...Array<unknown>(others).fill(at(schema, 'items'))];
  }

  /** What an intersection is made of. */
  #parts(schema: unknown, depth: number): object[] {
    if (depth > MAX_DEPTH || ++this.#values > MAX_VALUES) return [];
    const ref = at(schema, '$ref');
    const part = typeof ref === 'string' ? at(this.root, ...ref.split('/').slice(1)) : schema;
    if (typeof part !== 'object' || part === null) return [];
    const { allOf, ...own } = part as { allOf?: unknown };
    const others = Array.isArray(allOf) ? allOf : [];
    return [own, ...others.flatMap((each) => this.#parts(each, depth + 1))];
  }
}

/** One schema that asks for what each of these does; of two words for one thing the last counts. */
function merged(schemas: readonly object[]): object {
  return {
    ...(Object.assign({}, ...schemas) as object),
    properties: Object.assign({}, ...schemas.map((each) => at(each, 'properties'))) as object,
    required: schemas.flatMap((each) => at(each, 'required') ?? []),
  };
}

function typeOf(schema: unknown): unknown {
  const type = [at(schema, 'type')].flat()[0];
  if (type !== undefined) return type;
  if (has(schema, 'properties')) return 'object';
  return has(schema, 'items') || has(schema, 'prefixItems') ? 'array' : undefined;
}

/** The number next to 1 that is allowed. */
function numberOf(schema: unknown): number {
  const step = numberAt(schema, 'multipleOf') ?? (typeOf(schema) === 'integer' ? 1 : undefined);
  const above = numberAt(schema, 'exclusiveMinimum');
  const below = numberAt(schema, 'exclusiveMaximum');
  const least =
    numberAt(schema, 'minimum') ?? (above === undefined ? -Infinity : above + (step ?? 0.5));
  const most =
    numberAt(schema, 'maximum') ?? (below === undefined ? Infinity : below - (step ?? 0.5));
  const near = Math.min(Math.max(1, least), most);
  if (step === undefined || step <= 0) return near;
  const up = Math.ceil(near / step) * step;
  return up <= most ? up : Math.floor(near / step) * step;
}

function has(schema: unknown, name: string): boolean {
  return at(schema, name) !== undefined;
}
