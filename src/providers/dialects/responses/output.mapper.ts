import type { FinishReason } from '../../../contract/chat-completion.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { toolCallId } from '../openai-chat/message-repair.js';
import { reasoningTexts, toReasoningDetails } from './reasoning-details.mapper.js';
import type { ResponsesFlavour } from './responses-flavour.js';
import { citedResults, readSearchResults } from './search-results.mapper.js';

export const objectsOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Stands between two parts of reasoning. */
export const REASONING_BREAK = '\n\n';

/** A Responses answer's output as a chat message, and what of it stands beside the message. */
export interface ReadOutput {
  readonly message: JsonObject;
  readonly hasTools: boolean;
  readonly logprobs: readonly unknown[];
  /** Members of the completion: the searches that a provider made. */
  readonly extras: JsonObject;
}

/** @param completionId Makes ids for calls that have none. */
export function readOutput(output: unknown, flavour: ResponsesFlavour, completionId: string): ReadOutput {
  const reasoning: string[] = [];
  const details: JsonObject[] = [];
  const refusals: string[] = [];
  const annotations: JsonObject[] = [];
  const logprobs: unknown[] = [];
  const calls: JsonObject[] = [];
  const results: JsonObject[] = [];
  let content = '';
  for (const [index, item] of objectsOf(output).entries()) {
    if (item['type'] === 'reasoning') {
      reasoning.push(...reasoningTexts(item));
      if (flavour.reasoningFormat !== null) details.push(...toReasoningDetails(item, index, flavour.reasoningFormat));
    } else if (isCallersCall(item, flavour)) {
      calls.push(toToolCall(item, toolCallId(completionId, calls.length), flavour));
    } else if (item['type'] === 'search_results') {
      results.push(...readSearchResults(item));
    } else if (item['type'] === 'message') {
      for (const part of objectsOf(item['content'])) {
        if (part['type'] === 'refusal' && isText(part['refusal'])) refusals.push(part['refusal']);
        if (part['type'] !== 'output_text' || !isText(part['text'])) continue;
        annotations.push(...toAnnotations(part['annotations'], content.length));
        if (Array.isArray(part['logprobs'])) logprobs.push(...part['logprobs']);
        content += part['text'];
      }
    }
  }
  if (annotations.length === 0) annotations.push(...citedResults(content, results));
  const hasTools = calls.length > 0;
  const isSilent = content === '' && (hasTools || refusals.length > 0);
  return {
    message: {
      role: 'assistant',
      content: isSilent ? null : content,
      refusal: refusals.length === 0 ? null : refusals.join(''),
      ...(reasoning.length === 0 ? {} : { reasoning_content: reasoning.join(REASONING_BREAK) }),
      ...(details.length === 0 ? {} : { reasoning_details: details }),
      ...(annotations.length === 0 ? {} : { annotations }),
      ...(hasTools ? { tool_calls: calls } : {}),
    },
    hasTools,
    logprobs,
    extras: searchMembers(results),
  };
}

/** A call that the caller is to answer: a provider's own tools run at the provider. */
export const isCallersCall = (item: JsonObject, { isOwnCall }: ResponsesFlavour): boolean =>
  (item['type'] === 'function_call' || item['type'] === 'custom_tool_call') && !isOwnCall(item['name']);

/** `call_id` is what a result answers; the item's own id is not. Arguments are always JSON. */
function toToolCall(item: JsonObject, madeId: string, flavour: ResponsesFlavour): JsonObject {
  const call = toCallHead(item, madeId, flavour);
  const body = call['function'];
  return isObject(body) && body['arguments'] === '' ? { ...call, function: { ...body, arguments: '{}' } } : call;
}

/** A call as it is announced: with the arguments that the item has, perhaps none yet. */
export function toCallHead(item: JsonObject, madeId: string, flavour: ResponsesFlavour): JsonObject {
  const { call_id: callId, thought_signature: signature } = item;
  const id = isText(callId) ? callId : madeId;
  const name = flavour.toCallerName(item['name']);
  if (item['type'] === 'custom_tool_call')
    return { id, type: 'custom', custom: { name, input: textOf(item['input']) } };
  return {
    id,
    type: 'function',
    function: { name, arguments: textOf(item['arguments']) },
    // As Google's own OpenAI layer carries it, and clients echo it.
    ...(isText(signature) ? { extra_content: { google: { thought_signature: signature } } } : {}),
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Citations of the web; those of files have no form in a chat message. `offset`: where the part begins in the content. */
export function toAnnotations(value: unknown, offset: number): JsonObject[] {
  const shifted = (position: unknown): unknown => (typeof position === 'number' ? position + offset : position);
  return objectsOf(value)
    .filter((annotation) => annotation['type'] === 'url_citation')
    .map(({ type, start_index: start, end_index: end, ...rest }) => ({
      type,
      url_citation: { ...rest, start_index: shifted(start), end_index: shifted(end) },
    }));
}

/** For clients of Perplexity's earlier answers: addresses in the order of the numbers that the text cites. */
export function searchMembers(results: readonly JsonObject[]): JsonObject {
  if (results.length === 0) return {};
  return { citations: results.map((result) => result['url']), search_results: results };
}

/** How an answer ended, for the caller, and in the provider's word where that says more. */
export interface ReadFinish {
  readonly finishReason: FinishReason;
  readonly native: string | null;
}

/** An answer that is not whole for a reason that nobody has seen was cut off somehow. */
export function toFinish(response: JsonObject, hasTools: boolean): ReadFinish {
  if (response['status'] !== 'incomplete') return { finishReason: hasTools ? 'tool_calls' : 'stop', native: null };
  const details = response['incomplete_details'];
  const reason = isObject(details) && isText(details['reason']) ? details['reason'] : 'incomplete';
  return { finishReason: reason === 'content_filter' ? 'content_filter' : 'length', native: reason };
}
