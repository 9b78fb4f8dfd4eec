import { setTimeout as sleep } from 'node:timers/promises';
import { chatCompletionRequestSchema } from '../../contract/chat-completion-request.schema.js';
import type { UpstreamRequest } from '../../transport/upstream.types.js';
import { parseJson } from '../dialects/openai-chat/json-value.js';
import { toSandboxAnswer, type SandboxAnswer } from './sandbox-answer.js';

/** Requests to this origin go to `respond`, not to the network. */
export const SANDBOX_ORIGIN = 'sandbox:';

/** What the sandbox would have sent over a socket. */
export interface SandboxResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: AsyncIterable<Buffer>;
}

const SLOW_MS = 50;

const ERRORS: Readonly<
  Record<number, { readonly type: string; readonly code: string | null; readonly message: string }>
> = {
  400: { type: 'invalid_request_error', code: 'invalid_value', message: 'The sandbox was asked for a bad request.' },
  401: { type: 'invalid_request_error', code: 'invalid_api_key', message: 'The sandbox was asked to refuse the key.' },
  403: { type: 'permission_error', code: null, message: 'The sandbox was asked to forbid the call.' },
  404: {
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: 'The sandbox was asked not to find the model.',
  },
  429: { type: 'requests', code: 'rate_limit_exceeded', message: 'The sandbox was asked to limit the rate.' },
  500: { type: 'server_error', code: null, message: 'The sandbox was asked to fail.' },
  503: { type: 'server_error', code: 'overloaded', message: 'The sandbox was asked to be overloaded.' },
};

/** The upstream of the `sandbox` provider: answers in OpenAI's wire, deterministic, in this process. */
export function respond(request: UpstreamRequest): SandboxResponse {
  const parsed = chatCompletionRequestSchema.safeParse(parseJson(request.body?.toString() ?? ''));
  if (!parsed.success) return failure(400, 'The sandbox cannot read the request.');
  const { model, stream, stream_options: options } = parsed.data;
  const wanted = Number(/^error-(\d{3})$/.exec(model)?.[1] ?? 0);
  if (wanted >= 400) return failure(wanted, ERRORS[wanted]?.message ?? `The sandbox was asked for status ${wanted}.`);
  if (!['echo', 'slow', 'cut'].includes(model))
    return failure(404, `The sandbox has no model '${model}': take 'echo'.`);

  const answer = toSandboxAnswer(parsed.data);
  const pauseMs = model === 'slow' ? SLOW_MS : 0;
  if (stream !== true)
    return { status: 200, headers: { 'content-type': 'application/json' }, chunks: whole(answer, pauseMs) };
  const events = toEvents(answer, options?.include_usage === true);
  const sent = model === 'cut' ? events.slice(0, Math.ceil(events.length / 2)) : events;
  return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, chunks: paced(sent, pauseMs) };
}

async function* whole(answer: SandboxAnswer, pauseMs: number): AsyncGenerator<Buffer> {
  if (pauseMs > 0) await sleep(pauseMs);
  yield Buffer.from(JSON.stringify(toCompletion(answer)));
}

async function* paced(events: readonly unknown[], pauseMs: number): AsyncGenerator<Buffer> {
  for (const event of events) {
    if (pauseMs > 0) await sleep(pauseMs);
    yield Buffer.from(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
  }
}

function toCompletion({ id, created, model, pieces, toolCalls, finishReason, choices, usage }: SandboxAnswer): unknown {
  const message = {
    role: 'assistant',
    content: toolCalls.length > 0 ? null : pieces.join(''),
    refusal: null,
    ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
  };
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: Array.from({ length: choices }, (_, index) => ({
      index,
      message,
      logprobs: null,
      finish_reason: finishReason,
    })),
    usage,
  };
}

function toEvents(answer: SandboxAnswer, withUsage: boolean): unknown[] {
  const { id, created, model, pieces, toolCalls, finishReason, usage } = answer;
  const chunk = (choices: readonly unknown[], rest: object = {}) => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    choices,
    ...rest,
  });
  const indexes = Array.from({ length: answer.choices }, (_, index) => index);
  const each = (delta: object, finish: string | null = null) =>
    indexes.map((index) => chunk([{ index, delta, logprobs: null, finish_reason: finish }]));
  const calls = toolCalls.flatMap((call, index) => [
    { tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] },
    { tool_calls: [{ index, function: { arguments: call.function.arguments } }] },
  ]);
  return [
    ...each({ role: 'assistant', content: toolCalls.length > 0 ? null : '' }),
    ...pieces.flatMap((content) => each({ content })),
    ...calls.flatMap((delta) => each(delta)),
    ...each({}, finishReason),
    ...(withUsage ? [chunk([], { usage })] : []),
    '[DONE]',
  ];
}

function failure(status: number, message: string): SandboxResponse {
  const { type, code } = ERRORS[status] ?? {
    type: status >= 500 ? 'server_error' : 'invalid_request_error',
    code: null,
  };
  return {
    status,
    headers: { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '1' } : {}) },
    chunks: once(Buffer.from(JSON.stringify({ error: { message, type, param: null, code } }))),
  };
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
