import type { UpstreamAnswer } from '../../../transport/upstream.types.js';
import type { CompletionAnswer } from '../../provider-strategy.js';
import { toBill } from '../bill.js';
import { toFacts } from '../openai-chat/completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from '../openai-chat/error.mapper.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { citedMembers, codePoints, toCited, type Cited } from './annotations.js';
import { parseExact, stringifyExact } from './exact-json.js';
import { toFinishReason } from './finish-reason.js';
import { toNativeContent } from './native-content.js';
import { toCallExtra, toReasoningDetail } from './reasoning-details.js';
import { ANSWER_TOOL, type OutputPlan } from './structured-output.js';
import { toCallerUsage, toServiceTier, toUsage } from './usage.js';

/** A whole Message as a chat completion. Throws `upstream_failed` for what is none, and an error that came under a 200. */
export function toCompletionAnswer(answer: UpstreamAnswer, plan: OutputPlan, context: ErrorContext): CompletionAnswer {
  const message = parseExact(answer.body.toString());
  if (!isObject(message)) throw toNonsenseError('with something that is not a JSON object', answer.body, context);
  if (isObject(message['error'])) throw toInBandError(message, answer.headers, context);
  const { content, stop_reason: native, usage, id, model } = message;
  if (!Array.isArray(content)) throw toNonsenseError('without content', answer.body, context);
  if (!isText(native)) throw toNonsenseError('without a reason why it stopped', answer.body, context);

  const read = readContent(content.filter(isObject), plan, context, answer.body);
  const finishReason = toFinishReason(native, read.hasTools);
  const { target } = context;
  const callerUsage = toCallerUsage(usage);
  const tier = toServiceTier(usage);
  const completion = {
    id: isText(id) ? id : target.completionId,
    object: 'chat.completion',
    created: target.createdAt,
    model: isText(model) ? model : target.model,
    choices: [
      {
        index: 0,
        message: { ...read.message, refusal: refusalOf(message) },
        logprobs: null,
        finish_reason: finishReason,
        native_finish_reason: native,
      },
    ],
    ...(callerUsage === undefined ? {} : { usage: callerUsage }),
    ...(tier === undefined ? {} : { service_tier: tier }),
  };
  return {
    body: Buffer.from(stringifyExact(completion)),
    facts: toFacts(toUsage(usage), finishReason, model, toBill(usage)),
  };
}

/** Why the model declined, where it says so; OpenAI's `refusal`. */
export function refusalOf(from: JsonObject): string | null {
  const details = from['stop_details'];
  return isObject(details) && isText(details['explanation']) ? details['explanation'] : null;
}

interface ReadContent {
  readonly message: JsonObject;
  readonly hasTools: boolean;
}

function readContent(
  blocks: readonly JsonObject[],
  plan: OutputPlan,
  context: ErrorContext,
  body: Buffer,
): ReadContent {
  const isAnswer = (block: JsonObject): boolean =>
    plan.kind === 'tool' && block['type'] === 'tool_use' && block['name'] === ANSWER_TOOL;
  const answer = blocks.find(isAnswer);
  const details = blocks.map(toReasoningDetail).filter((detail) => detail !== null);
  const reasoning = blocks.map((block) => (block['type'] === 'thinking' ? textOf(block['thinking']) : '')).join('');
  const calls = blocks
    .filter((block) => block['type'] === 'tool_use' && !isAnswer(block))
    .map((block, index) => {
      const { id, name, input } = block;
      if (!isText(id) || !isText(name)) throw toNonsenseError('with a tool call without id or name', body, context);
      const call = { id, type: 'function', function: { name, arguments: stringifyExact(input ?? {}) } };
      return index === 0 && details.length > 0 ? { ...call, ...toCallExtra(details) } : call;
    });
  const text = answer === undefined ? readText(blocks) : { content: stringifyExact(answer['input']), cited: [] };
  const native = toNativeContent(blocks);
  const message = {
    role: 'assistant',
    content: text.content === '' ? null : text.content,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...citedMembers(text.cited),
    ...(native === undefined ? {} : { native_content: native }),
  };
  return { message, hasTools: calls.length > 0 };
}

function readText(blocks: readonly JsonObject[]): { readonly content: string; readonly cited: readonly Cited[] } {
  const texts = blocks.filter(({ type }) => type === 'text');
  const content = texts.map(({ text }) => textOf(text)).join('');
  const cited: Cited[] = [];
  // Counting a long text takes its time, and most have no citations.
  if (!texts.some(({ citations }) => Array.isArray(citations) && citations.length > 0)) return { content, cited };
  let start = 0;
  for (const { text, citations } of texts) {
    const end = start + codePoints(textOf(text));
    if (Array.isArray(citations)) cited.push(toCited(citations, { start, end }));
    start = end;
  }
  return { content, cited };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
