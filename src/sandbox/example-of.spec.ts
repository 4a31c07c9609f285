import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { exampleOf } from './example-of.js';

interface Tree {
  name: string;
  children: Tree[];
}

const tree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get children() {
    return z.array(tree);
  },
});

describe('an example of a JSON schema', () => {
  it.each<[string, z.ZodType]>([
    [
      'an object in an object',
      z.object({ a: z.object({ b: z.string() }), c: z.string().optional() }),
    ],
    ['a choice of words', z.object({ kind: z.enum(['sunny', 'rainy']) })],
    ['a constant beside a type', z.object({ type: z.literal('weather'), n: z.literal(7) })],
    ['a union', z.union([z.string(), z.number()])],
    [
      'a union told apart by a field',
      z.discriminatedUnion('t', [
        z.object({ t: z.literal('a'), x: z.number() }),
        z.object({ t: z.literal('b') }),
      ]),
    ],
    ['an intersection', z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() }))],
    ['null or a text', z.object({ a: z.string().nullable() })],
    [
      'numbers within bounds',
      z.object({
        a: z.number().min(10),
        b: z.number().max(-3),
        c: z.int().gt(5).lt(7),
        d: z.number().gt(0).lt(1),
        e: z.number().multipleOf(5).min(12),
        f: z.number().positive(),
      }),
    ],
    [
      'texts of some length',
      z.object({ a: z.string().min(30), b: z.string().max(3), c: z.string().length(12) }),
    ],
    [
      'texts of a format',
      z.object({
        a: z.email(),
        b: z.url(),
        c: z.uuid(),
        d: z.iso.datetime(),
        e: z.iso.date(),
        g: z.iso.duration(),
        h: z.ipv4(),
        i: z.ipv6(),
      }),
    ],
    [
      'lists of some length',
      z.object({
        a: z.array(z.string()).min(3),
        b: z.array(z.object({ n: z.number() })).length(2),
        c: z.array(z.number()),
      }),
    ],
    ['a tuple', z.tuple([z.string(), z.number(), z.boolean()])],
    ['a record', z.record(z.string(), z.number())],
    ['a schema that holds itself', tree],
    [
      'what a list of objects is wrapped into',
      z.object({ elements: z.array(z.object({ name: z.string() })).min(1) }),
    ],
  ])('fits it: %s', (_, schema) => {
    const fits = schema.safeParse(exampleOf(z.toJSONSchema(schema)));
    expect(fits.error).toBeUndefined();
  });

  it.each([
    [
      'holds itself for ever',
      { type: 'object', required: ['a', 'b'], properties: { a: { $ref: '#' }, b: { $ref: '#' } } },
    ],
    [
      'asks for a thousand million items',
      { type: 'array', minItems: 1e9, items: { type: 'string' } },
    ],
    ['asks for a thousand million characters', { type: 'string', minLength: 1e9 }],
    ['refers to itself', { $ref: '#' }],
    ['is made of itself', { allOf: [{ $ref: '#' }, { $ref: '#' }] }],
    ['asks for many of itself', { type: 'array', minItems: 1e9, items: { $ref: '#' } }],
  ])('ends for a schema that %s', (_, schema) => {
    expect(JSON.stringify(exampleOf(schema)).length).toBeLessThan(2_000_000);
  });

  it.each([
    undefined,
    null,
    5,
    'object',
    [],
    { type: 'nothing' },
    { enum: [] },
    { anyOf: [] },
    { required: 5 },
  ])('is something also for %j, which is none', (schema) => {
    expect(() => JSON.stringify(exampleOf(schema))).not.toThrow();
  });
});
