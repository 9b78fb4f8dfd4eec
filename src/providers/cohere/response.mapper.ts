import type { UpstreamAnswer } from '../../transport/upstream.types.js';
import { citedMembers, codePoints } from '../dialects/anthropic-messages/annotations.js';
import { toBill } from '../dialects/bill.js';
import { toFacts } from '../dialects/openai-chat/completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText, parseJson, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { argumentsText, repairToolCalls } from '../dialects/openai-chat/message-repair.js';
import type { CompletionAnswer } from '../provider-strategy.js';
import { toCited } from './citations.js';
import { isErrorBody, toFailedFinish } from './error.mapper.js';
import { isFailedFinish, toFinishReason } from './finish-reason.js';
import { toLogprobs } from './logprobs.js';
import { toUsage } from './usage.js';

/** Cohere's whole answer as a chat completion. The plan before tool calls is reasoning: OpenAI has no other place for it. */
export function toCompletionAnswer(answer: UpstreamAnswer, context: ErrorContext): CompletionAnswer {
  const { target } = context;
  const body = parseJson(answer.body.toString());
  if (!isObject(body)) throw toNonsenseError('with something that is not a JSON object', answer.body, context);
  if (isErrorBody(body)) throw toInBandError(body, answer.headers, context);
  const { message, finish_reason: native } = body;
  if (isText(native) && isFailedFinish(native)) throw toFailedFinish(native, body['error'], context);
  if (!isObject(message) || !isText(native)) throw toNonsenseError('without a message', answer.body, context);

  const { text, thinking, offsets } = readContent(message['content']);
  const plan = isText(message['tool_plan']) ? message['tool_plan'] : '';
  const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'].filter(isObject).map(toCall) : [];
  const cited = (Array.isArray(message['citations']) ? message['citations'] : [])
    .filter(isObject)
    .map((citation) => toCited(citation, offsets.get(Number(citation['content_index'] ?? 0)) ?? 0));
  const finishReason = toFinishReason(native, calls.length > 0);
  const usage = toUsage(body['usage']);
  const completion = {
    id: isText(body['id']) ? body['id'] : target.completionId,
    object: 'chat.completion',
    created: target.createdAt,
    model: target.model,
    choices: [
      {
        index: 0,
        message: repairToolCalls(
          {
            role: 'assistant',
            content: text === '' && calls.length > 0 ? null : text,
            refusal: null,
            ...(thinking + plan === '' ? {} : { reasoning_content: thinking + plan }),
            ...(calls.length === 0 ? {} : { tool_calls: calls }),
            ...citedMembers(cited),
          },
          target.completionId,
        ),
        logprobs: toLogprobs(body['logprobs']) ?? null,
        finish_reason: finishReason,
        native_finish_reason: native,
      },
    ],
    ...(usage === undefined ? {} : { usage }),
  };
  return {
    body: Buffer.from(JSON.stringify(completion)),
    facts: toFacts(usage, finishReason, undefined, toBill(body['usage'])),
  };
}

interface Content {
  readonly text: string;
  readonly thinking: string;
  /** Where each part of text begins in the whole, in code points, by the part's index. */
  readonly offsets: ReadonlyMap<number, number>;
}

function readContent(content: unknown): Content {
  if (typeof content === 'string') return { text: content, thinking: '', offsets: new Map() };
  let [text, thinking] = ['', ''];
  const offsets = new Map<number, number>();
  for (const [index, part] of (Array.isArray(content) ? content : []).entries()) {
    if (!isObject(part)) continue;
    if (isText(part['thinking'])) thinking += part['thinking'];
    if (!isText(part['text'])) continue;
    offsets.set(index, codePoints(text));
    text += part['text'];
  }
  return { text, thinking, offsets };
}

/** Arguments that never came are an empty object, so that they parse. */
function toCall({ id, function: body }: JsonObject): JsonObject {
  const { name, arguments: given } = isObject(body) ? body : {};
  const text = argumentsText(given);
  return { id, type: 'function', function: { name, arguments: text === '' ? '{}' : text } };
}
