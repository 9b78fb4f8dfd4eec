import { expect, it } from '@jest/globals';
import { aModel, anEnd, aPlainRoute, aStart } from '../../test/support/route-elements.js';
import { droppedFields, importElements } from './elements-import.js';
import { compileGraph, type RouteGraph } from './route-graph.js';

it('takes the old page’s syntax and says what it changed', () => {
  const old = [
    aStart('c'),
    {
      id: 'c',
      type: 'conditional',
      properties: { condition: { 'metadata.plan': { $eq: 'paid' } } },
      outputs: { true: { elementId: 'r' }, false: { elementId: 'p' } },
    },
    {
      id: 'r',
      type: 'rate_limit',
      properties: { limitType: 'count', key: 'metadata.user_id', limit: 100, interval: 3600, technique: 'sliding' },
      outputs: { success: { elementId: 'm' }, fallback: { elementId: 'p' } },
    },
    { id: 'p', type: 'percentage', outputs: { '10%': { elementId: 'm' }, else: { elementId: 'end' } } },
    { id: 'm', type: 'model', properties: { model: 'openai/gpt-5.2' }, outputs: { success: { elementId: 'end' } } },
    { id: 'end', type: 'end' },
  ];
  const { elements, notes } = importElements(old);
  const graph = compileGraph(elements, 'r') as RouteGraph;

  expect(notes).toEqual([
    'Element "c": "condition" is "conditions" now.',
    'Element "r": type "rate_limit" is "rate" now.',
    'Element "r": "interval" is "window" now.',
    'Element "p": "else" became "90%".',
    'Element "m": the model\'s provider is "openai".',
    'Element "end": an end has "outputs": {}.',
  ]);
  expect(graph.elements).toMatchObject([
    {},
    { properties: { conditions: { 'metadata.plan': { $eq: 'paid' } } } },
    { type: 'rate', properties: { window: 3600, technique: 'sliding' } },
    { outputs: { '10%': { elementId: 'm' }, '90%': { elementId: 'end' } } },
    { properties: { provider: 'openai', model: 'gpt-5.2' } },
    { outputs: {} },
  ]);
});

it('leaves the live syntax alone', () => {
  const elements = aPlainRoute();
  expect(importElements(elements)).toEqual({ elements, notes: [] });
});

it('an "else" beside an equal share gets a name of its own', () => {
  const p = { id: 'p', type: 'percentage', outputs: { '50%': { elementId: 'end' }, else: { elementId: 'm' } } };
  const { elements } = importElements([aStart('p'), p, aModel('m', 'openai/x'), anEnd()]);
  expect((compileGraph(elements, 'r') as RouteGraph).elements[1]).toMatchObject({
    outputs: { '50%': { elementId: 'end' }, '50% else': { elementId: 'm' } },
  });
});

it('names the fields that nobody knows', () => {
  const given = [
    { ...aStart('m'), position: { x: 1 } },
    aModel('m', 'openai/x', { success: 'end' }, { temprature: 1 }),
    anEnd(),
  ];
  const graph = compileGraph(given, 'r') as RouteGraph;
  expect(droppedFields(given, graph.elements)).toEqual([
    'Element "start": position is not known and was dropped.',
    'Element "m": properties.temprature is not known and was dropped.',
  ]);
});
