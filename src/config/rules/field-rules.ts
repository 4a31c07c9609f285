import { applyDecorators } from '@nestjs/common';
import { isJsonObject } from '../../contract/json.js';
import { Untyped } from '../load/coerce.js';
import { Rule } from './rule.js';

/** Without these a request is none, or asks for something else than Sluice reads. */
const SLUICES_OWN = new Set(['model', 'messages', 'stream']);

/** Names of fields of an upstream's request. */
export const FieldNames = () =>
  Rule(
    'fieldNames',
    (names) => {
      if (!Array.isArray(names) || !names.every(isName)) return 'must be a list of names of fields';
      return complaintAbout(names);
    },
    { type: 'array', items: { type: 'string' } },
  );

/** Names of fields, and what they are called there. */
export const NewFieldNames = () =>
  Rule(
    'newFieldNames',
    (names) => {
      if (!isJsonObject(names) || !Object.values(names).every(isName)) {
        return 'must be a mapping of names of fields to their names there';
      }
      const news = Object.values(names);
      const twice = news.find((name, index) => news.indexOf(name) !== index);
      if (twice !== undefined) return `must not give ${JSON.stringify(twice)} to two fields`;
      return complaintAbout([...Object.keys(names), ...news]);
    },
    { type: 'object', additionalProperties: { type: 'string' } },
  );

/** Fields with values: whatever the upstream takes. */
export const SetFields = () =>
  applyDecorators(
    Untyped(),
    Rule(
      'setFields',
      (fields) =>
        isJsonObject(fields)
          ? complaintAbout(Object.keys(fields))
          : 'must be a mapping of fields to values',
      { type: 'object' },
    ),
  );

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '';
}

function complaintAbout(names: readonly unknown[]): string | undefined {
  const own = names.find((name) => SLUICES_OWN.has(name as string));
  return own === undefined
    ? undefined
    : `must not have ${JSON.stringify(own)}, which is Sluice's own`;
}
