import { GatewayError } from '../../common/errors/gateway-error.js';
import type { UpstreamAnswer } from '../../transport/upstream.types.js';
import { citedMembers, codePoints, type Cited } from '../dialects/anthropic-messages/annotations.js';
import { toCallExtra } from '../dialects/anthropic-messages/reasoning-details.js';
import { toFacts } from '../dialects/openai-chat/completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText, parseJson, type JsonObject } from '../dialects/openai-chat/json-value.js';
import type { CompletionAnswer } from '../provider-strategy.js';
import { toCited } from './citations.js';
import { isFailedStop, toFinishReason } from './finish-reason.js';
import { toDetail } from './reasoning.mapper.js';
import { ANSWER_TOOL, type OutputPlan } from './structured-output.js';
import { toUsage } from './usage.js';

/** What one answer says, gathered from its blocks. */
interface Said {
  text: string;
  reasoning: string;
  readonly details: JsonObject[];
  readonly toolCalls: JsonObject[];
  readonly cited: Cited[];
}

/** Converse's whole answer as a chat completion. It names no model and no id of its own. */
export function toCompletionAnswer(answer: UpstreamAnswer, plan: OutputPlan, context: ErrorContext): CompletionAnswer {
  const { target } = context;
  const body = parseJson(answer.body.toString());
  if (isObject(body) && body['error'] != null) throw toInBandError(body, answer.headers, context);
  const output = isObject(body) && isObject(body['output']) ? body['output'] : {};
  const message = isObject(output['message']) ? output['message'] : {};
  const { content } = message;
  if (!isObject(body) || !Array.isArray(content)) throw toNonsenseError('without a message', answer.body, context);
  const native: unknown = body['stopReason'];
  if (!isText(native)) throw toNonsenseError('without a reason for its end', answer.body, context);

  const said: Said = { text: '', reasoning: '', details: [], toolCalls: [], cited: [] };
  for (const [index, block] of content.entries()) {
    if (isObject(block)) readBlock(block, index, said, plan);
  }
  const { text, reasoning, details, toolCalls, cited } = said;
  const callsTools = toolCalls.length > 0;
  if (isFailedStop(native) && text === '' && !callsTools) throw toFailedStop(native, context);
  const finishReason = toFinishReason(native, callsTools);
  const usage = toUsage(body['usage']);
  const completion = {
    id: target.completionId,
    object: 'chat.completion',
    created: target.createdAt,
    model: target.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && callsTools ? null : text,
          refusal: null,
          ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
          ...(details.length === 0 ? {} : { reasoning_details: details }),
          ...(callsTools ? { tool_calls: withExtra(toolCalls, details) } : {}),
          ...citedMembers(cited),
        },
        logprobs: null,
        finish_reason: finishReason,
        native_finish_reason: native,
      },
    ],
    ...(usage === undefined ? {} : { usage }),
    ...toExtras(body),
  };
  return { body: Buffer.from(JSON.stringify(completion)), facts: toFacts(usage, finishReason, undefined) };
}

export const toFailedStop = (native: string, { name, target }: ErrorContext): GatewayError =>
  new GatewayError('upstream_failed', `${name} stopped with '${native}' and gave no content.`, {
    provider: target.provider,
    model: target.model,
  });

/** What Bedrock says besides, under its own names; the tier has one at OpenAI. */
export function toExtras({ serviceTier, trace, additionalModelResponseFields: fields }: JsonObject): JsonObject {
  return {
    ...(isObject(serviceTier) && isText(serviceTier['type']) ? { service_tier: serviceTier['type'] } : {}),
    ...(isObject(trace) ? { trace } : {}),
    ...(fields === undefined || fields === null ? {} : { additionalModelResponseFields: fields }),
  };
}

/** The service ran this tool itself: the caller has nothing to answer. */
export const isServerTool = ({ type }: JsonObject): boolean => type === 'server_tool_use';

function readBlock(block: JsonObject, index: number, said: Said, plan: OutputPlan): void {
  const { text, toolUse, reasoningContent, citationsContent } = block;
  if (isText(text)) said.text += text;
  if (isObject(toolUse) && !isServerTool(toolUse)) readToolUse(toolUse, said, plan);
  if (isObject(reasoningContent)) readReasoning(reasoningContent, index, said);
  if (isObject(citationsContent)) readCitations(citationsContent, said);
}

function readToolUse({ toolUseId, name, input }: JsonObject, said: Said, plan: OutputPlan): void {
  const json = JSON.stringify(input ?? {});
  if (plan.kind === 'tool' && name === ANSWER_TOOL) {
    said.text += json;
    return;
  }
  said.toolCalls.push({ id: toolUseId, type: 'function', function: { name, arguments: json } });
}

function readReasoning({ reasoningText, redactedContent: redacted }: JsonObject, index: number, said: Said): void {
  const { text, signature } = isObject(reasoningText) ? reasoningText : {};
  const own = isText(text) ? text : '';
  said.reasoning += own;
  const detail = toDetail({ text: own, signature, redacted }, index);
  if (detail !== null) said.details.push(detail);
}

function readCitations({ content, citations }: JsonObject, said: Said): void {
  const start = codePoints(said.text);
  for (const part of Array.isArray(content) ? content.filter(isObject) : []) {
    if (isText(part['text'])) said.text += part['text'];
  }
  const span = { start, end: codePoints(said.text) };
  const all = Array.isArray(citations) ? citations.filter(isObject) : [];
  said.cited.push(...all.map((citation) => toCited(citation, span)));
}

/** Clients that keep nothing of a message but its calls bring the thinking back with the first. */
const withExtra = (calls: readonly JsonObject[], details: readonly JsonObject[]): JsonObject[] =>
  calls.map((call, index) => (index === 0 && details.length > 0 ? { ...call, ...toCallExtra(details) } : call));
