import { describe, expect, it } from '@jest/globals';
import { RouteSubject } from '../route-subject.js';
import { compileConditions } from './compile-conditions.js';

const subject = new RouteSubject(
  {
    model: 'dynamic/support',
    stream: true,
    max_tokens: 1200,
    tools: [{ type: 'function' }],
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: [{ type: 'text', text: 'My invoice is wrong' }, { type: 'image_url' }] },
    ],
    tags: ['a', 'b'],
    nested: { list: [{ n: 1 }, { n: 5 }] },
    nothing: null,
  },
  { plan: 'pro', seats: 12, beta: false, 'team.name': 'blue' },
  { 'x-region': 'eu', authorization: 'Bearer sk-1', 'x-passed': `aig_${'a'.repeat(43)}` },
  { id: 'tok1', name: 'Batch job' },
  Date.UTC(2026, 10, 22, 21, 5), // a Sunday
);

function holds(query: unknown): boolean {
  const problems: string[] = [];
  const conditions = compileConditions(query, (path, reason) => problems.push(`${path.join('.')}: ${reason}`));
  expect(problems).toEqual([]);
  return conditions.holds(subject);
}

describe('what holds', () => {
  it.each<[unknown]>([
    [{}],
    [{ 'metadata.plan': 'pro' }],
    [{ 'metadata.plan': { $eq: 'pro' }, 'metadata.seats': 12 }],
    [{ 'metadata.team.name': 'blue' }],
    [{ 'metadata.plan': { $ne: 'free' } }],
    [{ 'metadata.absent': { $ne: 'free' } }],
    [{ 'metadata.seats': { $gt: 11, $gte: 12, $lt: 13, $lte: 12 } }],
    [{ 'metadata.plan': { $in: ['team', 'pro'] } }],
    [{ 'metadata.plan': { $nin: ['free'] } }],
    [{ 'metadata.absent': { $nin: ['free'] } }],
    [{ $and: [{ 'metadata.plan': 'pro' }, { 'metadata.beta': false }] }],
    [{ $or: [{ 'metadata.plan': 'free' }, { 'headers.X-Region': 'eu' }] }],
    [{ $nor: [{ 'metadata.plan': 'free' }, { 'headers.x-region': 'us' }] }],
    [{ $not: { 'metadata.plan': 'free' } }],
    [{ 'metadata.seats': { $not: { $gt: 20 } } }],
    [{ 'metadata.plan': { $exists: true }, 'metadata.absent': { $exists: false } }],
    [{ 'metadata.absent': null, 'body.nothing': null }],
    [{ 'body.nothing': { $exists: true } }],
    [{ 'metadata.plan': { $regex: '^PR', $options: 'i' } }],
    [{ 'body.tags': 'b' }],
    [{ 'body.tags': { $eq: ['a', 'b'] } }],
    [{ 'body.tags': { $in: ['x', 'a'] } }],
    [{ 'body.messages.0.role': 'system' }],
    [{ 'body.messages.role': 'user' }],
    [{ 'body.messages.content.text': { $regex: 'invoice' } }],
    [{ 'body.nested.list.n': { $gt: 4 } }],
    [{ 'body.nested.list': { $in: [{ n: 5 }] } }],
    [{ 'request.model': 'dynamic/support', 'request.stream': true }],
    [{ 'request.has_tools': true, 'request.has_images': true }],
    [{ 'request.estimated_tokens': { $gte: 7, $lte: 7 } }],
    [{ 'request.time': { $gte: '20:00', $lt: '22:00' }, 'request.hour': 21, 'request.weekday': 7 }],
    [{ 'token.name': 'Batch job', 'token.id': 'tok1' }],
  ])('%j', (query) => expect(holds(query)).toBe(true));
});

describe('what does not hold', () => {
  it.each<[unknown]>([
    [{ 'metadata.plan': 'pro', 'metadata.seats': 11 }],
    [{ 'metadata.absent': 'pro' }],
    [{ 'metadata.absent': { $gt: 0 } }],
    [{ 'metadata.seats': { $gt: '11' } }],
    [{ 'metadata.seats': '12' }],
    [{ 'metadata.constructor': { $exists: true } }],
    [{ 'body.__proto__.x': { $exists: true } }],
    [{ 'body.messages.role': 'assistant' }],
    [{ 'body.messages.9.role': { $exists: true } }],
    [{ 'body.messages.nothing': { $exists: true } }],
    [{ 'body.tags': { $nin: ['b'] } }],
    [{ 'headers.x-passed': { $exists: true } }],
    [{ $nor: [{ 'metadata.plan': 'pro' }] }],
  ])('%j', (query) => expect(holds(query)).toBe(false));
});

describe('what is refused when it is saved', () => {
  it.each<[unknown, string]>([
    ['metadata.plan', ': must be an object of conditions'],
    [{ plan: 'pro' }, 'plan: "plan" is no path: it begins with one of metadata., body., headers., request., token.'],
    [{ 'request.modle': 'x' }, 'request.modle: "request.modle" is not known (model, stream,'],
    [
      { 'headers.Authorization': 'x' },
      'headers.Authorization: "headers.Authorization" names a header that holds a cred',
    ],
    [{ 'headers.x-api-key': 'x' }, 'holds a credential'],
    [{ 'metadata.a': { $near: 1 } }, 'metadata.a.$near: $near is not known: $eq, $ne,'],
    [{ $where: 'x' }, '$where: $where is not known here'],
    [{ $or: {} }, '$or: takes a list of conditions'],
    [{ 'metadata.a': { $gt: true } }, 'metadata.a.$gt: $gt takes a number or a text'],
    [{ 'metadata.a': { $in: 'x' } }, '$in takes a list'],
    [{ 'metadata.a': { $exists: 1 } }, '$exists takes true or false'],
    [{ 'metadata.a': { $regex: '(' } }, '$regex has a pattern that cannot be read: error parsing regexp'],
    [{ 'metadata.a': { $regex: '(?=x)' } }, 'cannot be read'],
    [{ 'metadata.a': { $regex: '(a{99}){9}' } }, 'repeats too much'],
    [{ 'metadata.a': { $regex: 'a', $options: 'g' } }, '$regex takes as $options some of i, m, s'],
    [{ 'metadata.a': { $options: 'i' } }, '$options goes with $regex'],
    [{ $and: [{ $and: [{ b: 1 }] }] }, '$and.0.$and.0.b: "b" is no path'],
  ])('%j', (query, expected) => {
    const problems: string[] = [];
    const conditions = compileConditions(query, (path, reason) => problems.push(`${path.join('.')}: ${reason}`));
    expect(problems.join('\n')).toContain(expected);
    expect(() => conditions.holds(subject)).not.toThrow();
  });

  it('nesting and length have bounds', () => {
    const problems: string[] = [];
    const nested = Array.from({ length: 50 }).reduce<unknown>((inner) => ({ $not: inner }), { 'metadata.a': 1 });
    compileConditions(nested, (path, reason) => problems.push(reason));
    compileConditions({ $or: Array.from({ length: 300 }, () => ({ 'metadata.a': 1 })) }, (path, reason) =>
      problems.push(reason),
    );
    expect(problems).toContain('is nested more than 10 deep');
    expect(problems).toContain('is one of more than 200 conditions');
  });
});

it('a pattern that others choke on takes no time', () => {
  const conditions = compileConditions({ 'metadata.plan': { $regex: '^(a+)+$' } }, () => {});
  const asking = new RouteSubject({ model: 'm' }, { plan: `${'a'.repeat(4000)}!` }, {}, null, 0);
  const from = performance.now();
  expect(conditions.holds(asking)).toBe(false);
  expect(performance.now() - from).toBeLessThan(10_000);
});

it('says what it looked at', () => {
  const conditions = compileConditions({ 'metadata.plan': 'free', 'metadata.absent': 1, 'body.tags': 'x' }, () => {});
  expect(conditions.explain(subject)).toBe(
    'metadata.plan is "pro", metadata.absent is missing, body.tags is ["a","b"]',
  );
});

it('a path leads through as many and as deep lists as a body may have', () => {
  const wide = Array.from({ length: 300_000 }, () => ({ text: 'a' }));
  const deep = Array.from({ length: 190 }).reduce<unknown>((inner) => [inner], { text: 'b' });
  const asking = new RouteSubject({ model: 'm', messages: [{ content: wide }], deep }, {}, {}, null, 0);
  const asks = (path: string, text: string) => compileConditions({ [path]: text }, () => {}).holds(asking);

  expect([asks('body.messages.content.text', 'a'), asks('body.messages.content.text', 'b')]).toEqual([true, false]);
  expect(asks('body.deep.text', 'b')).toBe(true);
});

describe('a pattern that is a plain text', () => {
  const texts = ['', 'dynamic/a', 'a dynamic/', 'dynamic/', 'Dynamic/', 'x\ndynamic/', 'dynamic/\n', 'dynamic', 'd.n'];

  it.each(['dynamic/', '^dynamic/', 'dynamic/$', '^dynamic/$', '', '^', '$', '^$', 'd.n'])(
    'finds what the engine finds: %j',
    (pattern) => {
      const found = (operators: object): string[] => {
        const conditions = compileConditions({ 'body.text': operators }, () => undefined);
        const body = (text: string) => new RouteSubject({ model: 'm', text }, {}, {}, null, 0);
        return texts.filter((text) => conditions.holds(body(text)));
      };

      // Options are for the engine alone, and this one changes nothing where there is no dot.
      const engine = pattern === 'd.n' ? `(?:${pattern})` : pattern;
      expect(found({ $regex: pattern })).toEqual(found({ $regex: engine, $options: 's' }));
    },
  );
});
