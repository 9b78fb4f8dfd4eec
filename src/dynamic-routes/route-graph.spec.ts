import { describe, expect, it } from '@jest/globals';
import {
  aConditional,
  aModel,
  anEnd,
  aPercentage,
  aPlainRoute,
  aRate,
  aStart,
} from '../../test/support/route-elements.js';
import { compileGraph, type RouteGraph } from './route-graph.js';

const problemsOf = (elements: readonly unknown[]): string[] => {
  const compiled = compileGraph(elements, 'r');
  return 'start' in compiled ? [] : compiled.map(({ path, reason }) => `${path.join('.')} | ${reason}`);
};

describe('a graph that is refused', () => {
  const full = aPlainRoute();
  it.each<[string, readonly unknown[], string]>([
    ['no start', full.slice(1), ' | There is no start.'],
    ['two starts', [...full, aStart('m', 's2')], ' | There is more than one start.'],
    ['one id twice', [...full, anEnd('m')], '3.id | Two elements have the id "m".'],
    [
      'an output to nowhere',
      [aStart('m'), aModel('m', 'openai/x', { success: 'nowhere' }), anEnd()],
      '1.outputs.success | Element "m", output "success": leads to "nowhere", which is no element.',
    ],
    [
      'an output that is missing',
      [aStart('c'), aConditional('c', {}, { true: 'end' }), anEnd()],
      '1.outputs.false | Element "c": outputs.false:',
    ],
    [
      'an output to the start',
      [aStart('m'), aModel('m', 'openai/x', { success: 'end', fallback: 'start' }), anEnd()],
      'output "fallback": leads to the start',
    ],
    [
      'a circle',
      [
        aStart('a'),
        aModel('a', 'openai/x', { success: 'end', fallback: 'b' }),
        aModel('b', 'openai/y', { success: 'end', fallback: 'a' }),
        anEnd(),
      ],
      '2.outputs.fallback | Element "b", output "fallback": leads back to "a": a route has no circles.',
    ],
    ['a circle of one', [aStart('a'), aRate('a', {}, { success: 'a', fallback: 'end' }), anEnd()], 'leads back to "a"'],
    ['no arms', [aStart('r'), aPercentage('r', {}), anEnd()], 'the percentages add up to 0, not 100'],
    [
      'percentages of 90',
      [aStart('p'), aPercentage('p', { '40%': 'end', '50%': 'end' }), anEnd()],
      '1.outputs | Element "p", outputs: the percentages add up to 90, not 100.',
    ],
    [
      'a label that is none',
      [aStart('p'), aPercentage('p', { half: 'end' }), anEnd()],
      'Element "p", outputs.half: is no percentage',
    ],
    [
      'a limit of nothing',
      [aStart('r'), aRate('r', { limit: 0 }, { success: 'end' }), anEnd()],
      '1.properties.limit | Element "r": properties.limit:',
    ],
    [
      'half a call',
      [aStart('r'), aRate('r', { limit: 1.5 }, { success: 'end' }), anEnd()],
      'must be a whole number of calls',
    ],
    ['a window of nothing', [aStart('r'), aRate('r', { window: 0 }, { success: 'end' }), anEnd()], 'properties.window'],
    [
      'a key that leads nowhere',
      [aStart('r'), aRate('r', { key: 'user_id' }, { success: 'end' }), anEnd()],
      '"user_id" is no path',
    ],
    [
      'a kind nobody knows',
      [...full, { id: 'x', type: 'loop' }],
      '3.type | Element 3 has no known type: it is one of start, conditional, percentage, rate, model, end.',
    ],
    ['no element at all', [...full, 7], 'Element 3 has no known type'],
    [
      'a condition nobody knows',
      [aStart('c'), aConditional('c', { plan: 1 }, { true: 'end', false: 'end' }), anEnd()],
      '1.properties.conditions.plan | Element "c", properties.conditions.plan: "plan" is no path',
    ],
    [
      'a time-out below nothing',
      [aStart('m'), aModel('m', 'openai/x', { success: 'end' }, { timeout: -1 }), anEnd()],
      'properties.timeout',
    ],
    [
      'a failure nobody knows',
      [aStart('m'), aModel('m', 'openai/x', { success: 'end' }, { fallbackOn: ['sometimes'] }), anEnd()],
      'properties.fallbackOn',
    ],
    [
      'a model behind an answer',
      [aStart('a'), aModel('a', 'openai/x', { success: 'b' }), aModel('b', 'openai/y'), anEnd()],
      'Element "a", output "success": leads to "b", another model',
    ],
    [
      'retries of a route',
      [aStart('m'), aModel('m', 'dynamic/other', { success: 'end' }, { retries: 2 }), anEnd()],
      'Element "m", properties.retries: is for a model',
    ],
    ['too much of it', Array.from({ length: 501 }, (_, i) => anEnd(`e${i}`)), 'at most 500 elements'],
  ])('%s', (_, elements, expected) => {
    expect(problemsOf(elements).join('\n')).toContain(expected);
  });
});

describe('a graph that is taken', () => {
  const elements = [
    aStart('c'),
    aConditional('c', { 'metadata.plan': 'pro' }, { true: 'r', false: 'm3' }),
    aRate('r', {}, { success: 'p' }),
    aPercentage('p', { '50% a': 'm1', '49.9%': 'm2', '0.1%': 'm3' }),
    aModel('m1', 'google/gemini-2.5-pro', { success: 'end', fallback: 'm2' }),
    aModel('m2', 'openai/gpt-5.2', { success: 'end', fallback: 'r2' }),
    aRate('r2', {}, { success: 'm3' }),
    aModel('m3', 'dynamic/other', { success: 'end' }),
    anEnd(),
  ];
  const compiled = compileGraph(elements, 'r') as RouteGraph;
  const node = (id: string) => compiled.nodes.find((one) => one.id === id)!;

  it('keeps what was sent, and names providers by their own names', () => {
    expect(compiled.elements).toEqual(elements);
    expect(node('m1').element).toMatchObject({
      kind: 'target',
      target: { provider: 'google-ai-studio', maxAttempts: 1 },
    });
    expect(node('m3').element).toEqual({ kind: 'route', name: 'other', fallbackOn: null });
  });

  it('knows behind which models another is sure', () => {
    expect([node('m1'), node('m2'), node('m3')].map(({ hasSureFallback }) => hasSureFallback)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('elements that nothing leads to do no harm', () => {
    expect(problemsOf([...aPlainRoute(), aModel('alone', 'openai/x')])).toEqual([]);
  });
});
