/** Deeper than schemas go; a recursive one would never end. */
const MAX_DEPTH = 8;

/** About the smallest value that a JSON schema allows: required properties only, empty arrays. */
export function exampleOf(schema: unknown, root: unknown = schema, depth = 0): unknown {
  const example = (part: unknown) => exampleOf(part, root, depth + 1);
  if (depth > MAX_DEPTH) return null;
  const [ref, anyOf, values] = [at(schema, '$ref'), at(schema, 'anyOf'), at(schema, 'enum')];
  if (typeof ref === 'string') return example(at(root, ...ref.split('/').slice(1)));
  if (Array.isArray(anyOf)) {
    return example(anyOf.find((each) => at(each, 'type') === 'null') ?? anyOf[0]);
  }
  if (Array.isArray(values)) return values[0];
  switch ([at(schema, 'type')].flat()[0]) {
    case 'object': {
      const names = [at(schema, 'required') ?? []].flat().map(String);
      return Object.fromEntries(names.map((n) => [n, example(at(schema, 'properties', n))]));
    }
    case 'array':
      return [];
    case 'string':
      return 'sandbox';
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return at(schema, 'const') ?? null;
  }
}

/** What is at that path of a value of which nothing is known. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  );
}
