import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { ClaudeModel } from './claude-models.catalog.js';
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

interface Refusal {
  /** Does this value mean the same as none? */
  readonly isNeutral: (value: unknown) => boolean;
  readonly instead: string;
}

const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
const is =
  (neutral: unknown) =>
  (value: unknown): boolean =>
    value === neutral;

const NO_LOGPROBS = 'It gives no log probabilities: ask a provider that does.';
const NO_PENALTIES = 'It knows no penalties: leave it out.';
const NO_FUNCTIONS = "Use 'tools' and 'tool_choice'.";
const NO_AUDIO = 'It answers in text only: leave it out, or ask a provider that speaks.';

const REFUSALS: Readonly<Record<string, Refusal>> = {
  n: { isNeutral: is(1), instead: 'It makes one choice a call: call it several times.' },
  logprobs: { isNeutral: is(false), instead: NO_LOGPROBS },
  top_logprobs: { isNeutral: is(0), instead: NO_LOGPROBS },
  logit_bias: { isNeutral: isEmpty, instead: 'It takes no biases: leave it out.' },
  presence_penalty: { isNeutral: is(0), instead: NO_PENALTIES },
  frequency_penalty: { isNeutral: is(0), instead: NO_PENALTIES },
  repetition_penalty: { isNeutral: is(1), instead: NO_PENALTIES },
  min_p: { isNeutral: is(0), instead: "Use 'top_p' where the model takes it." },
  modalities: {
    isNeutral: (value) => Array.isArray(value) && value.every((each) => each === 'text'),
    instead: NO_AUDIO,
  },
  audio: { isNeutral: isEmpty, instead: NO_AUDIO },
  functions: { isNeutral: isEmpty, instead: NO_FUNCTIONS },
  function_call: { isNeutral: () => false, instead: NO_FUNCTIONS },
  verbosity: { isNeutral: is('medium'), instead: 'Say in the prompt how long the answer should be.' },
};

/** All members of the request that must not travel as they are. Throws for those whose loss would change the answer. */
export function namesToLeaveOut(request: ChatCompletionRequest, refuser: Refuser): readonly string[] {
  const refused = Object.entries(REFUSALS).flatMap(([name, { isNeutral, instead }]) => {
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
