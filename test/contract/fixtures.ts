import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import type { StreamPart } from '../../src/contract/stream-event.js';
import type { BackendKind } from './backend-kind.js';

/** The bytes of a whole stream, and what has to be made of them. */
export interface Fixture {
  readonly name: string;
  readonly bytes: Buffer;
  /** `*` stands for any text that is not empty. */
  readonly parts: readonly JsonObject[];
}

export function fixturesOf({ fixtures: { folder, extension } }: BackendKind): Fixture[] {
  const root = join(import.meta.dirname, '../fixtures', folder);
  return readdirSync(root)
    .filter((file) => file.endsWith(`.${extension}`))
    .map((file) => {
      const name = file.slice(0, -extension.length - 1);
      const meta: unknown = JSON.parse(readFileSync(join(root, `${name}.meta.json`), 'utf8'));
      return { name, bytes: readFileSync(join(root, file)), parts: partsOf(meta) };
    });
}

/** The parts as a fixture says them: `*` where the fixture leaves it open. */
export function comparable(
  parts: readonly StreamPart[],
  expected: readonly JsonObject[],
): JsonObject[] {
  return parts.map((part, n) => {
    const fields = Object.entries(part).map(([name, value]: [string, unknown]) => {
      const isOpen = expected[n]?.[name] === '*' && typeof value === 'string' && value !== '';
      return [name, isOpen ? '*' : value];
    });
    return Object.fromEntries(fields);
  });
}

function partsOf(meta: unknown): JsonObject[] {
  const parts = isJsonObject(meta) ? meta['parts'] : undefined;
  if (!Array.isArray(parts)) throw new Error('A fixture has to say its parts.');
  return parts.filter(isJsonObject);
}
