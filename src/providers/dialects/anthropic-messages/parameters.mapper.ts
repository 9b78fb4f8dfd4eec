import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { ClaudeModel } from './claude-models.catalog.js';
import { is, NO_PENALTIES, REFUSALS, type Refusal } from './refusals.js';
import { unsupported, type Refuser } from './unsupported.js';

/** Members of OpenAI's request that Anthropic's does not have, and whose loss does not change what is answered. */
const HARMLESS = [
  'store',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'stream_options',
  'prediction',
  'seed',
  'moderation',
  'include_reasoning',
] as const;

/** Said in other words elsewhere in the body. */
const TRANSLATED = [
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'web_search_options',
] as const;

/** What the wire refuses, and the two samplers besides that some callers know from other servers. */
const REFUSED: Readonly<Record<string, Refusal>> = {
  ...REFUSALS,
  repetition_penalty: { isNeutral: is(1), instead: NO_PENALTIES },
  min_p: { isNeutral: is(0), instead: "Use 'top_p' where the model takes it." },
};

/** All members of the request that must not travel as they are. Throws for those whose loss would change the answer. */
export function namesToLeaveOut(request: ChatCompletionRequest, refuser: Refuser): readonly string[] {
  const refused = Object.entries(REFUSED).flatMap(([name, { isNeutral, instead }]) => {
    const value = request[name];
    if (value === undefined) return [];
    if (value === null || isNeutral(value)) return [name];
    throw unsupported(name, instead, refuser);
  });
  const nulls = Object.keys(request).filter((name) => request[name] === null);
  return [...HARMLESS, ...TRANSLATED, ...refused, ...nulls];
}

/** What decides which sampling the call may have. */
interface SamplingSetting {
  readonly model: ClaudeModel;
  readonly isThinking: boolean;
  /** Does the version of the API that the call names still take sampling parameters? */
  readonly isVersionWithSampling: boolean;
}

/**
 * temperature, top_p and top_k where the model takes them; undefined for those to be left out. OpenAI's temperature goes to 2,
 * Anthropic's to 1. A model that thinks samples as it likes.
 */
export function toSampling(
  request: ChatCompletionRequest,
  { model, isThinking, isVersionWithSampling }: SamplingSetting,
): Readonly<Record<'temperature' | 'top_p' | 'top_k', unknown>> {
  const none = { temperature: undefined, top_p: undefined, top_k: undefined };
  if (model.sampling === 'none' || !isVersionWithSampling) return none;
  const temperature = request.temperature == null ? undefined : Math.min(1, request.temperature);
  const topP = request.top_p ?? undefined;
  if (isThinking) {
    const isAllowed = topP !== undefined && topP >= 0.95 && temperature === undefined;
    return { ...none, temperature: temperature === 1 ? 1 : undefined, top_p: isAllowed ? topP : undefined };
  }
  return {
    temperature,
    top_p: model.sampling === 'one' && temperature !== undefined ? undefined : topP,
    top_k: request['top_k'] ?? undefined,
  };
}

/** `stop` and Anthropic's own name for it. Texts of white space only are a 400 there, and here already. */
export function toStopSequences(request: ChatCompletionRequest, refuser: Refuser): readonly string[] | undefined {
  const own: unknown = request['stop_sequences'];
  const all = [request.stop ?? [], Array.isArray(own) ? own : []].flat().filter(isText);
  if (all.some((text) => text.trim() === '')) {
    throw unsupported('stop', 'A stop text needs more than white space.', refuser);
  }
  return all.length === 0 ? undefined : all;
}

/** Who the caller's user is, for Anthropic's abuse detection. */
export function toMetadata(request: ChatCompletionRequest): JsonObject | undefined {
  const { metadata, safety_identifier: safety, user } = request;
  const own = isObject(metadata) ? metadata['user_id'] : undefined;
  const id = [own, safety, user].find(isText);
  return id === undefined ? undefined : { user_id: id };
}

/** OpenAI's tiers say how fast and how dear, never what is answered; only Anthropic's own value travels. */
export const toServiceTierWish = (request: ChatCompletionRequest): string | undefined =>
  request['service_tier'] === 'standard_only' || request['service_tier'] === 'auto'
    ? request['service_tier']
    : undefined;
