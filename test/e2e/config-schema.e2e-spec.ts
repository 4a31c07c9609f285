import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configSchema } from '../support/config-schema.js';

const CONFIG = join(import.meta.dirname, '../../config');
const FILE = join(CONFIG, 'schema.json');

describe('config/schema.json', () => {
  it('is made from the classes, their rules and their comments: npm run schema writes it', async () => {
    const options = await resolveConfig(FILE);
    const text = await format(JSON.stringify(configSchema()), { ...options, parser: 'json' });
    await expect(text).toMatchFileSnapshot(FILE);
  });

  const schema = z.fromJSONSchema(configSchema());
  const isSound = (source: unknown) => schema.safeParse(source).success;
  const sound = {
    backends: [{ id: 'a', kind: 'openai', baseUrl: '${URL}', limits: { streams: '${N}' } }],
    models: [{ id: 'any/*', targets: ['a/*', { backend: 'a', model: 'm', disabled: true }] }],
    streams: null,
  };

  it.each(['openai-ollama.yaml', 'sandbox.yaml'])(
    'accepts %s, which names it for editors',
    (name) => {
      const text = readFileSync(join(CONFIG, name), 'utf8');
      expect(isSound(parse(text))).toBe(true);
      expect(text).toMatch(/^# yaml-language-server: \$schema=\.?\/?schema\.json\n/);
    },
  );

  it('accepts expressions in the place of numbers and URLs, and a section with nothing in it', () => {
    expect(isSound(sound)).toBe(true);
  });

  it.each([
    ['an unknown key', { ...sound, server: { prot: 1 } }],
    ['a number that is too small', { ...sound, streams: { idleMs: 0 } }],
    [
      'a word that is not one of them',
      { ...sound, backends: [{ ...sound.backends[0], kind: 'x' }] },
    ],
    ['no backends', { models: sound.models }],
    ['a model without an id', { ...sound, models: [{ targets: ['a/m'] }] }],
    ['a * in the middle of an id', { ...sound, models: [{ id: 'a*b', targets: ['a/m'] }] }],
  ])('does not accept %s', (_, source) => {
    expect(isSound(source)).toBe(false);
  });
});
