/** Whole valid things that take what differs. */

export const aCompletion = (content = 'Hello there.', extra: Record<string, unknown> = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'gpt-4o-2024-08-06',
  choices: [
    { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
  ...extra,
});

export const aChunk = (
  delta: Record<string, unknown>,
  finish: string | null = null,
  extra: Record<string, unknown> = {},
) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_760_000_000,
  model: 'gpt-4o-2024-08-06',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...extra,
});

export const aUsageChunk = () =>
  aChunk({}, null, { choices: [], usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 } });

/** A whole stream of a text, a word a chunk, with its terminal events. */
export const aStream = (content = 'Hello there, world.'): readonly unknown[] => [
  aChunk({ role: 'assistant', content: '' }),
  ...content.split(/(?<= )/).map((word) => aChunk({ content: word })),
  aChunk({}, 'stop'),
  aUsageChunk(),
  '[DONE]',
];

export const hello = { messages: [{ role: 'user', content: 'Hello, world!' }] };

/** A whole answer of OpenAI's Responses. */
export const aResponse = (model = 'gpt-5-mini', text = 'Hello.') => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_760_000_000,
  status: 'completed',
  model,
  output: [
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text, annotations: [] }],
    },
  ],
  usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
});
