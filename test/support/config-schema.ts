import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getMetadataStorage } from 'class-validator';
import ts from 'typescript';
import { type Class, type FieldSchema, schemaOf } from '../../src/config/rules/field-schema.js';
import { fieldsOf } from '../../src/config/rules/validate.js';
import { GatewayConfig } from '../../src/config/schema/gateway-config.js';

const CLASSES = join(import.meta.dirname, '../../src/config/schema');

/** What Sluice puts in the place of `${…}` may be anything. */
const EXPRESSION = { type: 'string', pattern: '\\$\\{' };

/** A JSON Schema of the configuration's file, for editors: from the classes, their rules and their comments. */
export function configSchema(): Record<string, unknown> {
  const comments = commentsOfFields();
  const definitions: Record<string, object> = {};
  const of = (type: Class): object => {
    // Entered before its fields, so that classes may hold each other.
    if (!(type.name in definitions)) {
      definitions[type.name] = {};
      definitions[type.name] = definitionOf(type);
    }
    return { $ref: `#/$defs/${type.name}` };
  };
  const root = definitionOf(GatewayConfig);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of Sluice',
    ...root,
    $defs: definitions,
  };

  function definitionOf(type: Class): object {
    const defaults = new type() as Record<string, unknown>;
    const fields = fieldsOf(type);
    const properties = fields.map((field) => {
      const rule: FieldSchema = schemaOf(type, field);
      const own = withExpressions(typeof rule === 'function' ? rule(of) : rule);
      const description = commentOf(type, field);
      return [field, { description, ...own, ...defaultOf(defaults[field]) }];
    });
    const required = fields.filter(
      (field) => defaults[field] === undefined && !isOptional(type, field),
    );
    return {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(properties) as object,
      ...(required.length > 0 && { required }),
    };
  }

  function commentOf(type: Class, field: string): string | undefined {
    const own = comments.get(`${type.name}.${field}`);
    const parent: unknown = Object.getPrototypeOf(type);
    return (
      own ??
      (typeof parent === 'function' && parent.name !== ''
        ? commentOf(parent as Class, field)
        : undefined)
    );
  }
}

function defaultOf(value: unknown): { default?: unknown } {
  const isPlain = ['string', 'number', 'boolean'].includes(typeof value) || Array.isArray(value);
  return isPlain ? { default: value } : {};
}

function isOptional(type: Class, field: string): boolean {
  return getMetadataStorage()
    .getTargetValidationMetadatas(type, '', false, false)
    .some(
      ({ propertyName, type: kind }) => propertyName === field && kind === 'conditionalValidation',
    );
}

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}

/** The same, with `${…}` wherever a scalar may stand. */
function withExpressions(schema: Schema): Schema {
  if (schema.items) return { ...schema, items: withExpressions(schema.items) };
  if (schema.anyOf) {
    const isScalar = schema.anyOf.every((each) => each.type !== undefined && each.type !== 'null');
    return isScalar ? { anyOf: [...schema.anyOf, EXPRESSION] } : schema;
  }
  const { type, additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    return { ...schema, additionalProperties: withExpressions(additionalProperties) };
  }
  const isScalar = schema.enum !== undefined || (type !== undefined && type !== 'object');
  const isAnyText = type === 'string' && !('pattern' in schema || 'format' in schema);
  return isScalar && !isAnyText ? { anyOf: [schema, EXPRESSION] } : schema;
}

/** What stands above each field, by class and field. */
function commentsOfFields(): Map<string, string> {
  const comments = new Map<string, string>();
  for (const file of globSync(join(CLASSES, '*.ts'))) {
    const source = ts.createSourceFile(
      file,
      readFileSync(file, 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    for (const declared of source.statements.filter(ts.isClassDeclaration)) {
      for (const member of declared.members.filter(ts.isPropertyDeclaration)) {
        const [text] = ts
          .getJSDocCommentsAndTags(member)
          .map(({ comment }) => ts.getTextOfJSDocComment(comment));
        const name = `${declared.name?.text}.${member.name.getText(source)}`;
        if (text !== undefined) comments.set(name, text.replaceAll(/\s+/g, ' '));
      }
    }
  }
  return comments;
}
