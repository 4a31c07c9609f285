// oxlint-disable-next-line import/no-unassigned-import -- the metadata of every decorated field
import 'reflect-metadata';

export type Class = new () => object;

/** What a JSON Schema says of one field; a function where it needs that of a class, which `of` gives. */
export type FieldSchema = object | ((of: (type: Class) => object) => object);

const SCHEMA = Symbol('schema');

export function describedBy(schema: FieldSchema): PropertyDecorator {
  return Reflect.metadata(SCHEMA, schema);
}

/** What its rule says of a field. */
export function schemaOf(type: Class, field: string): FieldSchema {
  return (Reflect.getMetadata(SCHEMA, type.prototype as object, field) ?? {}) as FieldSchema;
}
