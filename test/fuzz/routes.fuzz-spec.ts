import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileConditions } from '../../src/dynamic-routes/conditions/compile-conditions.js';
import { droppedFields, importElements } from '../../src/dynamic-routes/elements-import.js';
import { GraphWalk } from '../../src/dynamic-routes/graph-walker.js';
import { compileGraph } from '../../src/dynamic-routes/route-graph.js';
import { RouteSubject } from '../../src/dynamic-routes/route-subject.js';
import { Quotas } from '../../src/metering/quotas.service.js';
import { MemoryState } from '../../src/state/memory-state.js';
import { aConditional, aModel, anEnd, aPercentage, aRate, aStart } from '../support/route-elements.js';
import { SeededDice } from '../support/seeded-dice.js';
import { TestClock } from '../support/test-clock.js';
import { fuzzed } from './fuzzing.js';
import { jsonNear } from './inputs.js';

const CONDITIONS: readonly unknown[] = [
  { 'metadata.plan': 'pro', 'body.max_tokens': { $gt: 10, $lte: 1e9 } },
  { $or: [{ 'metadata.plan': { $in: ['a', 1, true, null] } }, { $not: { 'headers.x-tier': { $exists: true } } }] },
  { $nor: [{ 'body.messages.content': { $regex: '^a(b|c)*$', $options: 'i' } }], 'request.hour': { $ne: 3 } },
  {
    'body.messages.0.role': { $not: { $eq: 'user' } },
    'token.name': { $nin: ['x'] },
    'body.list': { $eq: [1, { a: 2 }] },
  },
];
const BODIES: readonly unknown[] = [
  {
    model: 'dynamic/x',
    messages: [{ role: 'user', content: 'abc' }],
    max_tokens: 100,
    list: [1, { a: 2 }],
    tools: [{}],
  },
  { model: 'dynamic/x', messages: [{ role: 'user', content: [{ type: 'text', text: 'abc' }, { type: 'image_url' }] }] },
];
const GRAPHS: readonly unknown[] = [
  [
    aStart('c'),
    aConditional('c', CONDITIONS[0], { true: 'p', false: 'r' }),
    aPercentage('p', { '30%': 'm', '70%': 'end' }),
    aRate('r', {}, { success: 'm', fallback: 'end' }),
    aModel('m', 'openai/x', { success: 'end', fallback: 'n' }),
    aModel('n', 'sandbox/echo'),
    anEnd(),
  ],
  [
    { id: 'start', type: 'start', outputs: { next: { elementId: 'r' } } },
    {
      id: 'r',
      type: 'rate_limit',
      properties: { limitType: 'cost', limit: 0.5, interval: 60, key: 'metadata.user' },
      outputs: { success: { elementId: 'p' } },
    },
    { id: 'p', type: 'percentage', outputs: { '10': { elementId: 'm' }, else: { elementId: 'm' } } },
    {
      id: 'm',
      type: 'model',
      properties: { model: 'openai/gpt-5', retries: 2, timeout: 10 },
      outputs: { success: { elementId: 'end' } },
    },
    { id: 'end', type: 'end' },
  ],
];

const subjectOf = (body: unknown): RouteSubject =>
  new RouteSubject(
    { model: 'dynamic/x', ...(typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}) },
    { plan: 'pro', user: 'ann' },
    { 'x-tier': 'gold', authorization: 'Bearer x' },
    { id: 't', name: 'x' },
    0,
  );
const isText = (part: unknown): boolean => typeof part === 'string' || typeof part === 'number';

describe('conditions of routes', () => {
  it(
    'hold or do not hold for any body, or are refused with their place',
    fuzzed([jsonNear(CONDITIONS), jsonNear(BODIES)], (query, body) => {
      const problems: string[] = [];
      const conditions = compileConditions(query, (path, reason) => {
        expect([path.every(isText), reason.length > 0]).toEqual([true, true]);
        problems.push(reason);
      });
      const subject = subjectOf(body);

      expect(typeof conditions.holds(subject)).toBe('boolean');
      expect(typeof conditions.explain(subject)).toBe('string');
      // The opposite holds where it does not.
      if (problems.length === 0 && typeof query === 'object' && query !== null) {
        const opposite = compileConditions({ $nor: [query] }, () => undefined);
        if (!JSON.stringify(query).includes('$not')) expect(opposite.holds(subject)).toBe(!conditions.holds(subject));
      }
    }),
  );

  const letter = fc.constantFrom(
    'a',
    'b',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '*',
    '+',
    '?',
    '|',
    '\\',
    '.',
    '^',
    '$',
    '1',
    ',',
    '-',
    ':',
    'p',
    'L',
    'i',
    '!',
    '<',
    '=',
    '\u00e9',
  );
  it(
    'match any pattern in the time that the text takes, or refuse it',
    fuzzed(
      [fc.string({ unit: letter, maxLength: 60 }), fc.constantFrom('', 'i', 'ims', 'x', 7), fc.nat(4_000)],
      ($regex, $options, length) => {
        const problems: string[] = [];
        const conditions = compileConditions({ 'body.text': { $regex, $options } }, (_path, reason) =>
          problems.push(reason),
        );

        expect(typeof conditions.holds(subjectOf({ text: `${'a'.repeat(length)}b` }))).toBe('boolean');
      },
    ),
  );
});

describe('graphs of routes', () => {
  it(
    'are walked to an end, or refused with what is wrong',
    fuzzed([jsonNear(GRAPHS, 6), jsonNear(BODIES), fc.nat()], (given, body, seed) => {
      if (!Array.isArray(given)) return;
      const { elements, notes } = importElements(given);
      expect(notes.every((note) => typeof note === 'string')).toBe(true);
      const graph = compileGraph(elements, 'route');
      if (!('start' in graph)) {
        expect(graph.length).toBeGreaterThan(0);
        for (const { path, reason } of graph) expect([path.every(isText), reason.length > 0]).toEqual([true, true]);
        return;
      }
      droppedFields(elements, graph.elements);
      // What is stored compiles again, to the same.
      const again = compileGraph(JSON.parse(JSON.stringify(graph.elements)) as unknown[], 'route');
      expect('start' in again ? again.elements : again).toEqual(graph.elements);

      const quotas = new Quotas(new MemoryState(new TestClock(), 0), {
        whenAway: { limits: 'open', budgets: 'closed', cache: 'miss' },
      });
      const context = {
        subject: subjectOf(body),
        dice: new SeededDice(seed),
        quotas,
        scope: 's',
        spending: [],
        trace: null,
      };
      const walk = new GraphWalk(
        { id: 'route', name: 'x', versionId: 'v', graph, onlyProvider: null },
        new Map(),
        context,
      );
      for (let target = walk.start(), steps = 0; target !== null; target = walk.failed('timeout'), steps++) {
        expect(steps).toBeLessThan(given.length + 1);
        if (target instanceof Promise) break;
      }
      expect(new Set(walk.path).size).toBe(walk.path.length);
    }),
  );
});
