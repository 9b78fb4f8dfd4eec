import { ownMember } from '../../../common/own-member.js';
import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, type JsonObject } from '../openai-chat/json-value.js';
import { unsupported, type GeminiContext } from './refusal.js';

/** Said in the vendor's words by one of the mappers, or of no meaning on this wire. */
const TRANSLATED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'n',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'top_logprobs',
  'response_format',
  'modalities',
  'audio',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'parallel_tool_calls',
  'web_search_options',
  'reasoning_effort',
  'reasoning',
  'thinking',
  'service_tier',
  'google',
  'safety_settings',
  'safetySettings',
  'cached_content',
  'cachedContent',
  'labels',
]);

/** Their loss does not change the answer. A prediction makes it come sooner only. */
const HARMLESS: ReadonlySet<string> = new Set([
  'stream_options',
  'user',
  'metadata',
  'store',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'cache_control',
  'include_reasoning',
]);

/** Values that mean the same as none. */
const NEUTRAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  logit_bias: (value) => isObject(value) && Object.keys(value).length === 0,
  verbosity: (value) => value === 'medium',
  extra_body: (value) => isObject(value) && Object.keys(value).every((name) => name === 'google'),
};

const INSTEAD: Readonly<Record<string, string>> = {
  logit_bias: 'It takes no biases: leave it out.',
  verbosity: 'Ask for the length in the prompt.',
  extra_body: "Put what is Google's own into 'google'.",
};

/** The last two steps of the ladder: drop what is harmless, refuse the rest. The wire is closed: Google refuses unknown names. */
export function assertSupported(request: ChatCompletionRequest, context: GeminiContext): void {
  for (const [name, value] of Object.entries(request)) {
    if (value == null || TRANSLATED.has(name) || HARMLESS.has(name)) continue;
    if (NEUTRAL[name]?.(value) === true) continue;
    const instead = ownMember(INSTEAD, name) ?? "Leave it out; fields of Google's own go into 'google'.";
    throw unsupported(name, instead, context);
  }
}

/**
 * Fields of Google's own: `google: {…}`, or `extra_body: {google: {…}}` as its OpenAI layer has it, and at the top level those
 * which callers put there. Names come in both spellings.
 */
export function nativeFields(request: ChatCompletionRequest): JsonObject {
  const extra = request['extra_body'];
  const wrapped = isObject(extra) && isObject(extra['google']) ? extra['google'] : {};
  const own = isObject(request['google']) ? request['google'] : {};
  const top = ['safety_settings', 'safetySettings', 'cached_content', 'cachedContent', 'labels']
    .filter((name) => (request[name] ?? null) !== null)
    .map((name): [string, unknown] => [name, request[name]]);
  const all = { ...Object.fromEntries(top), ...wrapped, ...own };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [camelCase(name), value]));
}

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
