import { GatewayError } from '../../contract/gateway-error.js';
import { isJsonObject, type JsonObject } from '../../contract/json.js';

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

  /** @returns `value`, which is what was read of field `name` */
  required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw this.fault(name, 'is missing');
    return value;
  }

  /** `what` continues the sentence that the field's name begins: "must be …", "is missing". */
  fault(name: string, what: string): GatewayError {
    const param = this.at(name);
    return new GatewayError('invalid_request', `${param} ${what}.`, { param });
  }

  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  #typed<T>(name: string, what: string, isRight: (value: unknown) => value is T): T | undefined {
    const value = this.object[name];
    if (value == null) return undefined;
    if (!isRight(value)) throw this.fault(name, `must be ${what}`);
    return value;
  }
}
