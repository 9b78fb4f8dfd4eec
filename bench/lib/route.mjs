/** A dynamic route of fifty elements, of which a call passes forty-four before it asks the same model as a direct call. */
const CONDITIONALS = 24;
const PERCENTAGES = 10;
const RATES = 8;
const MODELS = 6;

const CONDITIONS = [
  { 'body.max_tokens': { $exists: false } },
  { 'request.stream': { $ne: true }, 'request.has_tools': false },
  { $or: [{ 'metadata.plan': { $in: ['pro', 'team'] } }, { 'token.id': { $exists: true } }] },
  { 'body.messages.0.role': { $in: ['system', 'user'] } },
  { 'headers.x-region': { $exists: false } },
  { $and: [{ 'request.model': { $regex: '^dynamic/' } }, { $nor: [{ 'metadata.plan': 'free' }] }] },
];

const to = (elementId) => ({ elementId });
const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/** @param model What is asked in the end: `{provider}/{model}`. */
export function fiftyElements(model) {
  const [provider, name] = model.split('/');
  const ids = [
    ...times(CONDITIONALS, (i) => `c${i}`),
    ...times(PERCENTAGES, (i) => `p${i}`),
    ...times(RATES, (i) => `r${i}`),
    'm0',
  ];
  const after = (id) => to(ids[ids.indexOf(id) + 1]);
  return [
    { id: 'start', type: 'start', outputs: { next: to(ids[0]) } },
    ...times(CONDITIONALS, (i) => ({
      id: `c${i}`,
      type: 'conditional',
      properties: { conditions: CONDITIONS[i % CONDITIONS.length] },
      outputs: { true: after(`c${i}`), false: to('m5') },
    })),
    ...times(PERCENTAGES, (i) => ({
      id: `p${i}`,
      type: 'percentage',
      properties: i % 2 === 0 ? {} : { sticky: 'token.id' },
      outputs: { '50% a': after(`p${i}`), '50% b': after(`p${i}`) },
    })),
    ...times(RATES, (i) => ({
      id: `r${i}`,
      type: 'rate',
      properties: { limitType: 'count', key: 'token.id', limit: 1_000_000_000, window: 60 },
      outputs: { success: after(`r${i}`), fallback: to('m5') },
    })),
    ...times(MODELS, (i) => ({
      id: `m${i}`,
      type: 'model',
      properties: { provider, model: name, timeout: 0, retries: 0 },
      outputs: { success: to('end'), fallback: to(i + 1 < MODELS ? `m${i + 1}` : 'end') },
    })),
    { id: 'end', type: 'end', outputs: {} },
  ];
}
