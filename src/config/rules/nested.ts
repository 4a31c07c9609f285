import { applyDecorators } from '@nestjs/common';
import { Transform, Type } from 'class-transformer';
import { ValidateNested } from 'class-validator';
import { isJsonObject } from '../../contract/json.js';
import type { Class } from './field-schema.js';
import { must, Rule } from './rule.js';

/** A mapping with a class of its own. `key:` with nothing in it is all of its defaults. */
export function Section(type: () => Class): PropertyDecorator {
  return applyDecorators(
    Type(type),
    Transform(({ value }): unknown => (value === null ? new (type())() : value)),
    Rule('section', must('a mapping', isJsonObject), (of) => ({
      anyOf: [of(type()), { type: 'null' }],
    })),
    ValidateNested(),
  );
}

/**
 * A list of mappings with a class of its own, at least one.
 * @param be what an item must be, for the message about one that is something else
 * @param fromText reads an item that is written as one scalar; undefined = it cannot
 */
export function ListOf(
  type: () => Class,
  be = 'a mapping',
  fromText?: (text: string) => object | undefined,
): PropertyDecorator {
  return applyDecorators(
    Type(type),
    Transform(({ value }): unknown => (Array.isArray(value) ? value.map(item) : notList(value))),
    Rule('list', must('a list with at least one item', isFilledList), (of) => ({
      type: 'array',
      minItems: 1,
      items: fromText ? { anyOf: [{ type: 'string' }, of(type())] } : of(type()),
    })),
    ValidateNested({ message: `must be ${be}` }),
  );

  function item(value: unknown): unknown {
    if (typeof value === 'string') return fromText?.(value) ?? value;
    return isJsonObject(value) ? value : WRONG_KIND;
  }
}

/**
 * Stands for a list as an item, and for a mapping as a list: class-validator would check what is in
 * them, and refuses a scalar as it is. A null as an item would be told of as a missing value.
 */
const WRONG_KIND = 0;

function notList(value: unknown): unknown {
  return isJsonObject(value) ? WRONG_KIND : value;
}

function isFilledList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
