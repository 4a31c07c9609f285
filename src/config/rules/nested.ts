import { applyDecorators } from '@nestjs/common';
import { Transform, Type } from 'class-transformer';
import { ValidateNested } from 'class-validator';
import { isJsonObject } from '../../contract/json.js';
import { must, Rule } from './rule.js';

type Class = new () => object;

/** A mapping with a class of its own. `key:` with nothing in it is all of its defaults. */
export function Section(type: () => Class): PropertyDecorator {
  return applyDecorators(
    Type(type),
    Transform(({ value }): unknown => (value === null ? new (type())() : value)),
    Rule('section', must('a mapping', isJsonObject)),
    ValidateNested(),
  );
}

/**
 * A list of mappings with a class of its own, at least one.
 * @param fromText reads an item that is written as one scalar; undefined = it cannot
 * @param be what an item must be, for whoever wrote something else
 */
export function ListOf(
  type: () => Class,
  be = 'a mapping',
  fromText: (text: string) => object | undefined = () => undefined,
): PropertyDecorator {
  return applyDecorators(
    Type(type),
    Transform(({ value }): unknown => (Array.isArray(value) ? value.map(item) : notAList(value))),
    Rule('list', must('a list with at least one item', isFilledList)),
    ValidateNested({ message: `must be ${be}` }),
  );

  function item(value: unknown): unknown {
    if (typeof value === 'string') return fromText(value) ?? value;
    return isJsonObject(value) ? value : NOT_AN_ITEM;
  }
}

/** class-validator looks past a null in a list, and into a list in a list, but stops at a number. */
const NOT_AN_ITEM = 0;

/** A mapping instead of a list would be checked as if it were an item. */
function notAList(value: unknown): unknown {
  return isJsonObject(value) ? NOT_AN_ITEM : value;
}

function isFilledList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
