import type { ConverseRequest } from '@aws-sdk/client-bedrock-runtime';
import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import { REFUSALS } from '../dialects/anthropic-messages/refusals.js';
import { unsupported, type Refuser } from '../dialects/anthropic-messages/unsupported.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';

/** Members of OpenAI's request that Converse's does not have, and whose loss does not change what is answered. */
const HARMLESS = [
  'store',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'stream_options',
  'prediction',
  // Nobody promises the same answer twice.
  'seed',
  'moderation',
  'include_reasoning',
  'cache_control',
] as const;

/** Said in other words elsewhere in the body. */
const TRANSLATED = [
  'model',
  'messages',
  'stream',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'stop_sequences',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'thinking',
  'service_tier',
  'metadata',
  'web_search_options',
] as const;

/** Members of Converse's own body: they travel as they are. */
const NATIVE: ReadonlySet<string> = new Set<keyof ConverseRequest>([
  'guardrailConfig',
  'promptVariables',
  'additionalModelResponseFieldPaths',
  'requestMetadata',
  'performanceConfig',
  'serviceTier',
]);

const LEFT_OUT: ReadonlySet<string> = new Set([...HARMLESS, ...TRANSLATED, ...Object.keys(REFUSALS)]);

/** What the caller says besides: to Converse itself, and (names that nobody here knows) to the model behind it. */
export interface OtherMembers {
  readonly native: JsonObject;
  /** `additionalModelRequestFields` */
  readonly modelFields: JsonObject;
}

/** Throws for members whose loss would change the answer. */
export function toOtherMembers(request: ChatCompletionRequest, refuser: Refuser): OtherMembers {
  for (const [name, { isNeutral, instead }] of Object.entries(REFUSALS)) {
    const value = request[name];
    if (value !== undefined && value !== null && !isNeutral(value)) throw unsupported(name, instead, refuser);
  }
  const native: Record<string, unknown> = {};
  let modelFields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request)) {
    if (LEFT_OUT.has(name) || value === null || value === undefined) continue;
    if (name === 'additionalModelRequestFields' && isObject(value)) modelFields = { ...modelFields, ...value };
    else if (NATIVE.has(name)) native[name] = value;
    else modelFields[name] = value;
  }
  const tier = toServiceTier(request);
  const metadata = toRequestMetadata(request);
  return {
    native: {
      ...(tier === undefined ? {} : { serviceTier: tier }),
      ...(metadata === undefined ? {} : { requestMetadata: metadata }),
      ...native,
    },
    modelFields,
  };
}

/** OpenAI's tiers say how fast and how dear, never what is answered: those that Bedrock has too travel. */
function toServiceTier({ service_tier: tier }: ChatCompletionRequest): JsonObject | undefined {
  return tier === 'default' || tier === 'flex' || tier === 'priority' || tier === 'reserved'
    ? { type: tier }
    : undefined;
}

const METADATA_TEXT = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/;
const MOST_METADATA = 16;

/** For the invocation's log at AWS; pairs it would refuse are left out. */
function toRequestMetadata({ metadata }: ChatCompletionRequest): JsonObject | undefined {
  if (!isObject(metadata)) return undefined;
  const fine = Object.entries(metadata).filter(
    ([name, value]) => METADATA_TEXT.test(name) && isText(value) && METADATA_TEXT.test(value),
  );
  return fine.length === 0 ? undefined : Object.fromEntries(fine.slice(0, MOST_METADATA));
}

/** `stop` and Anthropic's name for it. */
export function toStopSequences(request: ChatCompletionRequest): readonly string[] | undefined {
  const own: unknown = request['stop_sequences'];
  const all = [request.stop ?? [], Array.isArray(own) ? own : []].flat().filter(isText);
  return all.length === 0 ? undefined : all;
}
