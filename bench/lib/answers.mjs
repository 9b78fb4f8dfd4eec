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
 * w  the wire: 0 OpenAI's chat completions, 1 Anthropic's Messages, 2 Gemini's generateContent
 */
const DEFAULTS = { c: 0, i: 0, d: 0, s: 700, k: 6, b: 0, a: 0, x: 200, w: 0 };
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

const named = (name, value) => Buffer.concat([Buffer.from(`event: ${name}\n`), event(value)]);

/** The same lengths as Anthropic's Messages and Gemini write them. */
const WIRES = [
  { whole: completion, stream: chunks },
  {
    whole: (name, spec) =>
      Buffer.from(
        JSON.stringify({
          id: 'msg_mock0123456789',
          type: 'message',
          role: 'assistant',
          model: name,
          content: [{ type: 'text', text: text(spec.s) }],
          stop_reason: 'end_turn',
          stop_sequence: null,
          usage: { input_tokens: 25, output_tokens: 60 },
        }),
      ),
    stream: (name, spec) => {
      const message = { id: 'msg_mock0123456789', type: 'message', role: 'assistant', model: name, content: [] };
      const usage = { input_tokens: 25, output_tokens: 1 };
      const delta = { type: 'text_delta', text: ` ${text(spec.k - 1)}` };
      const content = named('content_block_delta', { type: 'content_block_delta', index: 0, delta });
      const block = { type: 'text', text: '' };
      return [
        named('message_start', { type: 'message_start', message: { ...message, stop_reason: null, usage } }),
        named('content_block_start', { type: 'content_block_start', index: 0, content_block: block }),
        ...Array.from({ length: spec.c }, () => content),
        named('content_block_stop', { type: 'content_block_stop', index: 0 }),
        named('message_delta', {
          type: 'message_delta',
          delta: { stop_reason: 'end_turn', stop_sequence: null },
          usage: { output_tokens: 60 },
        }),
        named('message_stop', { type: 'message_stop' }),
      ];
    },
  },
  {
    whole: (name, spec) => Buffer.from(JSON.stringify(generated(name, text(spec.s), 'STOP'))),
    stream: (name, spec) => {
      const content = event(generated(name, ` ${text(spec.k - 1)}`, null));
      return [...Array.from({ length: spec.c }, () => content), event(generated(name, '', 'STOP'))];
    },
  },
];

const generated = (name, part, finishReason) => ({
  candidates: [
    {
      content: { parts: [{ text: part }], role: 'model' },
      ...(finishReason === null ? {} : { finishReason }),
      index: 0,
    },
  ],
  usageMetadata: { promptTokenCount: 25, candidatesTokenCount: 60, totalTokenCount: 85 },
  modelVersion: name,
  responseId: 'mock0123456789',
});

const made = new Map();

/** A model's answer: `events` is empty for JSON, `bytes` counts the body without its framing. */
export function answerOf(name) {
  let answer = made.get(name);
  if (answer === undefined) {
    const spec = parseModel(name);
    const wire = WIRES[spec.w];
    const events = spec.c === 0 ? [] : wire.stream(name, spec);
    const body = spec.c === 0 ? wire.whole(name, spec) : Buffer.concat(events);
    answer = { spec, events, body, bytes: body.length };
    made.set(name, answer);
  }
  return answer;
}
