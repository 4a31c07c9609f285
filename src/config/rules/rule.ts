// oxlint-disable-next-line import/no-unassigned-import -- the metadata of every decorated field
import 'reflect-metadata';
import { applyDecorators } from '@nestjs/common';
import { ValidateBy, ValidateIf } from 'class-validator';
import { describedBy, type FieldSchema } from './field-schema.js';

/** What is wrong with a value, as a sentence about it ("must be …"); undefined = nothing. */
export type Check = (value: unknown) => string | undefined;

/**
 * A field that `check` has no complaint about. One rule per field, so one fault per field.
 * @param schema the same for editors, as far as a schema can say it
 */
export function Rule(name: string, check: Check, schema: FieldSchema = {}): PropertyDecorator {
  return applyDecorators(
    ValidateBy({
      name,
      validator: {
        validate: (value) => check(value) === undefined,
        defaultMessage: (field) => check(field?.value) ?? '',
      },
    }),
    describedBy(schema),
  );
}

/** May be left out. Unlike class-validator's own, it does not let `key:` without a value pass. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** A check from a predicate. */
export function must(be: string, isRight: (value: unknown) => boolean): Check {
  return (value) => (isRight(value) ? undefined : `must be ${be}`);
}
