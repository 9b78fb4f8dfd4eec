import { z } from 'zod';

const completion = z.looseObject({
  id: z.string(),
  created: z.number(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.number(),
      finish_reason: z.string().nullish(),
      logprobs: z.unknown().optional(),
      message: z.looseObject({ tool_calls: z.array(z.looseObject({})).nullish() }),
    }),
  ),
  usage: z.unknown().optional(),
});

/**
 * A whole completion as the stream it would have been: for providers that answer a stream request with one JSON body.
 * A delta with everything for each choice, its finish, the usage chunk, `[DONE]`.
 *
 * @param body A completion in OpenAI's shape, as `readChatCompletion` returns it.
 */
export async function* completionAsStream(body: Buffer): AsyncGenerator<Buffer> {
  const { id, created, model, choices, usage } = completion.parse(JSON.parse(body.toString('utf8')));
  const event = (rest: object) =>
    Buffer.from(`data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model, ...rest })}\n\n`);

  for (const { index, message, finish_reason, logprobs } of choices) {
    const { tool_calls, ...delta } = message;
    const calls = tool_calls?.map((call, position) => ({ index: position, ...call }));
    const first = { role: 'assistant', ...delta, ...(calls === undefined ? {} : { tool_calls: calls }) };
    yield event({ choices: [{ index, delta: first, ...(logprobs == null ? {} : { logprobs }), finish_reason: null }] });
    yield event({ choices: [{ index, delta: {}, finish_reason: finish_reason ?? 'stop' }] });
  }
  if (usage != null) yield event({ choices: [], usage });
  yield Buffer.from('data: [DONE]\n\n');
}
