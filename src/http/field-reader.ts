import { GatewayError } from '../contract/gateway-error.js';
import { isJsonObject, type JsonObject } from '../contract/json.js';

/** More is no conversation: each is read, mapped and written again. */
const MAX_ITEMS = 10_000;

/** A name that a caller made up is shown up to here. */
const SHOWN_CHARS = 100;

/**
 * Reads the fields of a caller's JSON object, each as what it has to be. `null` is absence.
 * Every reader throws a GatewayError `invalid_request` that names the field.
 */
export class FieldReader {
  constructor(
    private readonly object: JsonObject,
    /** Where the object is in the request, such as `messages[0]`. */
    private readonly path = '',
  ) {}

  string(name: string): string | undefined {
    return this.#typed(name, 'a string', (value) => typeof value === 'string');
  }

  number(name: string): number | undefined {
    return this.#typed(name, 'a number', (value) => typeof value === 'number');
  }

  integer(name: string): number | undefined {
    return this.#typed(name, 'an integer', (value): value is number => Number.isInteger(value));
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, 'true or false', (value) => typeof value === 'boolean');
  }

  nested(name: string): JsonObject | undefined {
    return this.#typed(name, 'an object', isJsonObject);
  }

  array(name: string): readonly unknown[] | undefined {
    return this.#typed(name, 'an array', (value): value is unknown[] => Array.isArray(value));
  }

  stringOrStrings(name: string): string | readonly string[] | undefined {
    return this.#typed(
      name,
      'a string or an array of strings',
      (value): value is string | string[] =>
        typeof value === 'string' ||
        (Array.isArray(value) && value.every((each) => typeof each === 'string')),
    );
  }

  stringOrArray(name: string): string | readonly unknown[] | undefined {
    return this.#typed(
      name,
      'a string or an array',
      (value): value is string | unknown[] => typeof value === 'string' || Array.isArray(value),
    );
  }

  stringOrObject(name: string): string | JsonObject | undefined {
    return this.#typed(
      name,
      'a string or an object',
      (value): value is string | JsonObject => typeof value === 'string' || isJsonObject(value),
    );
  }

  /** It is there, whatever it is. */
  has(name: string): boolean {
    return this.object[name] != null;
  }

  oneOf<T extends string>(name: string, words: readonly T[]): T | undefined {
    return this.#typed(
      name,
      `one of the following values: ${words.join(', ')}`,
      (value): value is T => words.some((word) => word === value),
    );
  }

  /** The field `messages` of a conversation: objects, at least one. */
  messages(): readonly JsonObject[] {
    const messages = this.required('messages', this.array('messages'));
    if (messages.length === 0) throw this.invalid('messages', 'must not be empty');
    return this.objects('messages', messages);
  }

  /** @returns `items`, which is what was read of field `name`: objects, not too many */
  objects(name: string, items: readonly unknown[]): readonly JsonObject[] {
    if (items.length > MAX_ITEMS) throw this.invalid(name, `must not be more than ${MAX_ITEMS}`);
    for (const [index, item] of items.entries()) {
      if (!isJsonObject(item)) throw this.invalid(`${name}[${index}]`, 'must be an object');
    }
    return items as readonly JsonObject[];
  }

  /** @throws GatewayError for the first field that is not one of `names` */
  onlyKnown(names: ReadonlySet<string>): void {
    for (const name of Object.keys(this.object)) {
      if (!names.has(name)) throw this.invalid(shortened(name), 'is not known here');
    }
  }

  /** @returns `value`, which is what was read of field `name` */
  within(
    name: string,
    value: number | undefined,
    { min, max = Infinity }: { readonly min: number; readonly max?: number },
  ): number | undefined {
    if (value === undefined || (value >= min && value <= max)) return value;
    const bound = value < min ? `less than ${min}` : `greater than ${max}`;
    throw this.invalid(name, `must not be ${bound}`);
  }

  /** @returns `value`, which is what was read of field `name` */
  required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw this.invalid(name, 'is missing');
    return value;
  }

  /** `what` continues the sentence that the field's name begins: "must be …", "is missing". */
  invalid(name: string, what: string): GatewayError {
    const param = this.at(name);
    return new GatewayError('invalid_request', `${param} ${what}.`, { param });
  }

  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  #typed<T>(name: string, what: string, isRight: (value: unknown) => value is T): T | undefined {
    const value = this.object[name];
    if (value == null) return undefined;
    if (!isRight(value)) throw this.invalid(name, `must be ${what}`);
    return value;
  }
}

/** The body of a request. @throws GatewayError `invalid_request` */
export function objectBody(body: unknown): JsonObject {
  if (isJsonObject(body)) return body;
  throw new GatewayError(
    'invalid_request',
    'The request body must be a JSON object, sent with content-type: application/json.',
  );
}

function shortened(name: string): string {
  return name.length > SHOWN_CHARS ? `${name.slice(0, SHOWN_CHARS)}…` : name;
}
