import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expand } from './expand.js';

const valueOf = (source: unknown, env: NodeJS.ProcessEnv = {}) => expand(source, env).value;
const faultsOf = (source: unknown, env: NodeJS.ProcessEnv = {}) => expand(source, env).faults;

function secretFile(content: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'secret');
  writeFileSync(file, content);
  return file;
}

describe('expanding a parsed file', () => {
  it('replaces variables anywhere in a text, at any depth', () => {
    const source = { list: [{ url: 'http://${HOST}:${PORT}/v1' }], plain: 'as it is', number: 7 };
    expect(valueOf(source, { HOST: 'ollama', PORT: '11434' })).toEqual({
      list: [{ url: 'http://ollama:11434/v1' }],
      plain: 'as it is',
      number: 7,
    });
  });

  it('takes the default when the variable is not set or empty, as a shell does', () => {
    const source = ['${A:-http://127.0.0.1:1}', '${A:-}', '${B:-b}'];
    expect(valueOf(source, { A: '', B: 'set' })).toEqual(['http://127.0.0.1:1', '', 'set']);
  });

  it('accepts a variable that is set to nothing', () => {
    expect(expand('${A}', { A: '' })).toMatchObject({ value: '', faults: [] });
  });

  it('reads a secret from a file and drops its last line break, and only that', () => {
    expect(valueOf(`\${file:${secretFile('one\ntwo\n')}}`)).toBe('one\ntwo');
    expect(valueOf(`\${file:${secretFile('one\r\n')}}`)).toBe('one');
    expect(valueOf(`\${file:${secretFile(' one')}}`)).toBe(' one');
  });

  it('takes $${ for a literal ${', () => {
    expect(valueOf('$${A} and ${A} and $5', { A: 'a' })).toBe('${A} and a and $5');
  });

  it('does not expand what it put in', () => {
    expect(valueOf('${A}', { A: '${B}', B: 'no' })).toBe('${B}');
  });

  it('does not let a secret change the structure', () => {
    const secret = 'x" }\n- &a [*a]: {';
    expect(valueOf({ apiKey: '${KEY}' }, { KEY: secret })).toEqual({ apiKey: secret });
  });

  it('leaves keys alone', () => {
    expect(valueOf({ '${A}': 1 }, { A: 'a' })).toEqual({ '${A}': 1 });
  });

  it('knows which scalars came from outside, and which entirely', () => {
    const { expanded } = expand({ a: '${A}', b: ['x-${A}'], c: '$${A}', d: 'plain' }, { A: '1' });
    expect([...expanded].map(([path, { isWhole }]) => [path, isWhole])).toEqual([
      ['a', true],
      ['b[0]', false],
      ['c', false],
    ]);
  });

  it('does not touch what it was given', () => {
    const source = { a: ['${A}'] };
    expand(source, { A: '1' });
    expect(source).toEqual({ a: ['${A}'] });
  });
});

describe('what cannot be expanded', () => {
  it('is listed with its path, every variable on its own, and how to put it right', () => {
    expect(faultsOf({ backends: [{ headers: { 'x-a': '${A} ${B}' } }] })).toEqual([
      {
        path: 'backends[0].headers.x-a',
        message:
          'the environment variable A is not set: set it (in .env, too), or give a default with ${A:-}',
      },
      {
        path: 'backends[0].headers.x-a',
        message:
          'the environment variable B is not set: set it (in .env, too), or give a default with ${B:-}',
      },
    ]);
  });

  it('is a secret file that cannot be read', () => {
    expect(faultsOf({ apiKey: '${file:/nowhere/key}' })).toEqual([
      { path: 'apiKey', message: 'the file "/nowhere/key" cannot be read (ENOENT)' },
    ]);
  });

  it.each(['${', '${}', '${A', '${A-b}', '${A:-${B}}', '${1A}', '${file:}', '${ A }'])(
    'is a malformed expression: %s',
    (text) => {
      expect(faultsOf(text, { A: 'a', B: 'b' })).toEqual([
        { path: '', message: expect.stringContaining('write ${NAME}, ${NAME:-default}') },
      ]);
    },
  );

  it('is a name that every object has', () => {
    expect(faultsOf('${constructor}')).toHaveLength(1);
  });

  it.each(['__proto__', 'constructor', 'toString'])('is a key named %s', (key) => {
    const source: unknown = JSON.parse(`{"models":[{"options":{"${key}":{"polluted":true}}}]}`);
    const { value, faults } = expand(source, {});
    expect(faults).toEqual([
      { path: `models[0].options.${key}`, message: 'is not allowed as a key' },
    ]);
    expect(value).toEqual({ models: [{ options: {} }] });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('is an alias of what it stands in', () => {
    const loop: unknown[] = [];
    loop.push({ loop });
    expect(faultsOf({ loop })).toEqual([
      { path: 'loop[0].loop', message: 'is an alias of something that holds it' },
    ]);
  });

  it('is a value of no plain type', () => {
    expect(faultsOf({ when: new Date(0) })).toEqual([
      { path: 'when', message: 'is of a type that a configuration does not have' },
    ]);
  });
});
