import { describe, expect, it } from '@jest/globals';
import { toJsonSchema, toOpenApiSchema } from './json-schema.mapper.js';

describe('toJsonSchema', () => {
  it('keeps what Gemini takes, and moves the rest into the description', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
      properties: {
        code: { type: 'string', description: 'A code.', pattern: '^a+$', minLength: 2 },
        kind: { const: 'x' },
        node: { $ref: '#/definitions/node' },
      },
      required: ['code'],
      definitions: { node: { type: 'array', items: { $ref: '#/definitions/node' }, uniqueItems: true } },
    };

    expect(toJsonSchema(schema)).toEqual({
      type: 'object',
      additionalProperties: false,
      properties: {
        code: { type: 'string', description: 'A code. (pattern: "^a+$"; minLength: 2)' },
        kind: { enum: ['x'] },
        node: { $ref: '#/$defs/node' },
      },
      required: ['code'],
      $defs: { node: { type: 'array', items: { $ref: '#/$defs/node' }, description: '(uniqueItems: true)' } },
    });
  });

  it('joins what must all hold', () => {
    const schema = {
      allOf: [
        { type: 'object', properties: { a: {} }, required: ['a'] },
        { properties: { b: {} }, required: ['b'] },
      ],
    };

    expect(toJsonSchema(schema)).toEqual({ type: 'object', properties: { a: {}, b: {} }, required: ['a', 'b'] });
  });
});

describe('toOpenApiSchema', () => {
  it.each([
    [{ type: ['string', 'null'] }, { type: 'string', nullable: true }],
    [{ type: ['string', 'integer'] }, { anyOf: [{ type: 'string' }, { type: 'integer' }] }],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, { type: 'string', nullable: true }],
    [{ oneOf: [{ type: 'string' }, { type: 'integer' }] }, { anyOf: [{ type: 'string' }, { type: 'integer' }] }],
    [{ const: 'a' }, { enum: ['a'], type: 'string' }],
    [
      { type: 'integer', enum: [1, 2] },
      { type: 'integer', description: '(enum: [1,2])' },
    ],
    [
      { type: 'string', format: 'email' },
      { type: 'string', description: '(format: "email")' },
    ],
    [
      { type: 'string', format: 'date-time' },
      { type: 'string', format: 'date-time' },
    ],
    [
      { properties: { a: { type: 'string' } }, additionalProperties: false },
      { type: 'object', properties: { a: { type: 'string' } } },
    ],
    [
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/a' } },
        $defs: { a: { type: 'string', description: 'An a.' } },
      },
      { type: 'object', properties: { a: { type: 'string', description: 'An a.' } } },
    ],
    [
      { type: 'integer', exclusiveMinimum: 0 },
      { type: 'integer', description: '(exclusiveMinimum: 0)' },
    ],
  ])('says %j as %j', (schema, expected) => {
    expect(toOpenApiSchema(schema)).toEqual(expected);
  });

  it('ends where a schema refers to itself, and where a few references stand for millions of schemas', () => {
    const node = { type: 'object', properties: { left: { $ref: '#/$defs/node' }, right: { $ref: '#/$defs/node' } } };
    const doubling = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => {
        const next = { $ref: `#/$defs/d${index + 1}` };
        return [`d${index}`, { type: 'object', properties: { a: next, b: next } }];
      }),
    );

    expect(toOpenApiSchema({ $ref: '#/$defs/node', $defs: { node } })).toEqual({
      type: 'object',
      properties: { left: { type: 'object' }, right: { type: 'object' } },
    });
    expect(JSON.stringify(toOpenApiSchema({ $ref: '#/$defs/d0', $defs: doubling })).length).toBeLessThan(1_000_000);
  });

  it('ends where references lead from one to the next for ever, and where they name what every object has', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 4_000 }, (_, index) => [`c${index}`, { items: { $ref: `#/$defs/c${index + 1}` } }]),
    );

    expect(JSON.stringify(toOpenApiSchema({ $ref: '#/$defs/c0', $defs: chain })).length).toBeLessThan(10_000);
    expect(toOpenApiSchema({ $ref: '#/$defs/constructor' })).toEqual({ type: 'object' });
  });
});
