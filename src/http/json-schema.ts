import { isJsonObject, type JsonObject } from '../contract/json.js';

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = JsonObject;

/** Schemas by their names in the OpenAPI document, which are the names of types in generated clients. */
export type NamedSchemas = Readonly<Record<string, JsonSchema>>;

export function schemaRef(name: string): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** An object whose fields that are not listed pass through. A name that ends in `?` may be absent. */
export function openObject(fields: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { ...objectOf(fields), additionalProperties: true };
}

export function objectOf(fields: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const entries = Object.entries(fields);
  const required = entries.map(([name]) => name).filter((name) => !name.endsWith('?'));
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(
      entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
    ),
  };
}

export function arrayOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function oneWord(word: string): JsonSchema {
  return { type: 'string', const: word };
}

export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

/** A union of named schemas; `kinds` are the values of the field that tells them apart. */
export function unionBy(propertyName: string, kinds: Readonly<Record<string, string>>): JsonSchema {
  const mapping = Object.entries(kinds).map(([kind, name]) => [kind, schemaRef(name).$ref]);
  return {
    oneOf: [...new Set(Object.values(kinds))].map(schemaRef),
    discriminator: { propertyName, mapping: Object.fromEntries(mapping) as JsonObject },
  };
}

const REF = /^#\/components\/schemas\/(.+)$/;

/** Those of `schemas` that are named in `json`, or in one that is. */
export function schemasIn(json: unknown, schemas: NamedSchemas): NamedSchemas {
  const found = new Map<string, JsonSchema>();
  const look = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(look);
    if (!isJsonObject(value)) return;
    const name = REF.exec(String(value['$ref']))?.[1];
    const schema = name === undefined || found.has(name) ? undefined : schemas[name];
    if (name !== undefined && schema) {
      found.set(name, schema);
      look(schema);
    }
    Object.values(value).forEach(look);
  };
  look(json);
  return Object.fromEntries([...found].toSorted(([a], [b]) => a.localeCompare(b, 'en')));
}
