/**
 * What the mock provider answers, told by the model's name, so that the load generator knows every answer beforehand.
 *
 *   mock-c100-i20-d50-s700-k24-b10-a5-x503
 *
 * c  content chunks of a stream; absent or 0: one JSON answer
 * i  milliseconds between chunks (0: all at once)
 * d  milliseconds before the answer's head
 * s  bytes of text in a JSON answer (700: about 1 KB in all)
 * k  bytes of text in a chunk (6)
 * b  events a write where i is 0 (absent: all in one)
 * a  cuts the connection after so many events
 * x  answers with this status instead
 */
const DEFAULTS = { c: 0, i: 0, d: 0, s: 700, k: 6, b: 0, a: 0, x: 200 };
const LOREM = 'The quick brown fox jumps over the lazy dog while a second fox watches from the hill and says nothing. ';

/** `mock-c100-i20` as its letters and numbers. */
export function parseModel(name) {
  const spec = { ...DEFAULTS };
  for (const part of name.split('-').slice(1)) {
    if (!(part[0] in DEFAULTS)) throw new Error(`The mock knows no setting "${part}" (model ${name}).`);
    spec[part[0]] = Number(part.slice(1));
  }
  return spec;
}

const text = (bytes) => LOREM.repeat(Math.ceil(bytes / LOREM.length)).slice(0, bytes);
const event = (value) => Buffer.from(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`);
const USAGE = {
  prompt_tokens: 25,
  completion_tokens: 60,
  total_tokens: 85,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};

function completion(name, spec) {
  return Buffer.from(
    JSON.stringify({
      id: 'chatcmpl-mock0123456789',
      object: 'chat.completion',
      created: 1_780_000_000,
      model: name,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text(spec.s), refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: USAGE,
      service_tier: 'default',
      system_fingerprint: 'fp_mock',
    }),
  );
}

/** The events of a stream that was asked for usage: as OpenAI writes them, `"usage":null` on every chunk but the last. */
function chunks(name, spec) {
  const base = {
    id: 'chatcmpl-mock0123456789',
    object: 'chat.completion.chunk',
    created: 1_780_000_000,
    model: name,
    service_tier: 'default',
    system_fingerprint: 'fp_mock',
  };
  const chunk = (delta, finish) =>
    event({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], usage: null });
  const content = chunk({ content: ` ${text(spec.k - 1)}` }, null);
  return [
    chunk({ role: 'assistant', content: '', refusal: null }, null),
    ...Array.from({ length: spec.c }, () => content),
    chunk({}, 'stop'),
    event({ ...base, choices: [], usage: USAGE }),
    event('[DONE]'),
  ];
}

const made = new Map();

/** A model's answer: `events` is empty for JSON, `bytes` counts the body without its framing. */
export function answerOf(name) {
  let answer = made.get(name);
  if (answer === undefined) {
    const spec = parseModel(name);
    const events = spec.c === 0 ? [] : chunks(name, spec);
    const body = spec.c === 0 ? completion(name, spec) : Buffer.concat(events);
    answer = { spec, events, body, bytes: body.length };
    made.set(name, answer);
  }
  return answer;
}
