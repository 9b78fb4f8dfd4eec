import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';

/**
 * Workers AI's older form (`{response, tool_calls, usage}`, and Cloudflare's envelope around it) as a completion or a chunk of
 * OpenAI's. The same object when it is OpenAI's already.
 */
export function fromNativeForm(body: JsonObject, isChunk: boolean): JsonObject {
  const { result, errors } = body;
  if (body['success'] === false || (result === undefined && Array.isArray(errors) && errors.length > 0)) {
    return {
      error:
        Array.isArray(errors) && errors.length > 0 ? errors[0] : { message: 'Workers AI failed without a reason.' },
    };
  }
  if (body['success'] === true && isObject(result)) return fromNativeForm(result, isChunk);
  const isNative =
    !Array.isArray(body['choices']) &&
    ['response', 'tool_calls', 'usage', 'finish_reason'].some((name) => name in body);
  if (!isNative) return body;
  return isChunk ? toChunk(body) : toCompletion(body);
}

function toCompletion(body: JsonObject): JsonObject {
  const calls = toolCallsOf(body);
  const message = {
    role: 'assistant',
    content: textOf(body['response']),
    ...(isText(body['reasoning']) ? { reasoning: body['reasoning'] } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return withUsage({ choices: [{ index: 0, message, finish_reason: body['finish_reason'] ?? null }] }, body);
}

/** An event of usage alone becomes the usage chunk: its counts are cumulative, the last one holds. */
function toChunk(body: JsonObject): JsonObject {
  const calls = toolCallsOf(body).map((call, index) => ({ index, ...call }));
  const content = textOf(body['response']);
  const finish = body['finish_reason'] ?? null;
  const isUsageOnly =
    isObject(body['usage']) && (content === null || content === '') && calls.length === 0 && finish === null;
  if (isUsageOnly) return withUsage({ choices: [] }, body);
  const delta = { ...(content === null ? {} : { content }), ...(calls.length > 0 ? { tool_calls: calls } : {}) };
  return withUsage({ choices: [{ index: 0, delta, finish_reason: finish }] }, body);
}

const withUsage = (made: JsonObject, { usage }: JsonObject): JsonObject =>
  isObject(usage) ? { ...made, usage } : made;

/** Structured answers come as the value itself. */
function textOf(response: unknown): string | null {
  if (response === undefined || response === null) return null;
  return typeof response === 'string' ? response : JSON.stringify(response);
}

/** `{name, arguments: object}`, or already OpenAI's. Ids and types are the dialect's to add. */
function toolCallsOf({ tool_calls: calls }: JsonObject): JsonObject[] {
  if (!Array.isArray(calls)) return [];
  return calls.filter(isObject).map((call) => {
    if (isObject(call['function'])) return call;
    const { name, arguments: args, ...rest } = call;
    return { ...rest, function: { name, arguments: args } };
  });
}
