import { ownMember } from '../../common/own-member.js';
import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import type { Refuser } from '../dialects/anthropic-messages/unsupported.js';
import type { ParameterRule, RequestQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { editMembers } from '../dialects/openai-chat/json-members.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { ONE_CHOICE, refused, refusedUnlessEmpty } from '../dialects/openai-chat/parameter-rules.js';
import { toChatBody } from '../dialects/openai-chat/request.mapper.js';
import type { ChatCall } from '../provider-strategy.js';
import { WITHOUT_THINKING } from './cohere.catalog.js';
import { hasDocuments, toDocuments } from './documents.mapper.js';
import { toCohereMessages } from './messages.mapper.js';
import { isFunctionTool, isKnownChoice, isStrict, toToolChoice, toTools } from './tools.mapper.js';

const DROP: ParameterRule = { do: 'drop' };
const NO_FUNCTIONS = refusedUnlessEmpty("Use 'tools' and 'tool_choice'.");
const NO_THINKING = 'The model does not think: leave it out, or ask command-a-reasoning.';
const MOST_STOPS = 5;

/** Tokens of thinking for an effort; from `high` on as many as it takes. */
const BUDGETS: Readonly<Record<string, number>> = { minimal: 1024, low: 1024, medium: 4096 };
const EFFORTS: ReadonlySet<unknown> = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

const between = (value: unknown, least: number, most: number): unknown =>
  typeof value === 'number' ? Math.min(most, Math.max(least, value)) : value;

/** OpenAI's go from −2 to 2, Cohere's from 0 to 1; nothing encourages repetition here. */
const PENALTY: ParameterRule = {
  do: 'rewrite',
  to: (value) => (typeof value === 'number' && value <= 0 ? undefined : between(value, 0, 1)),
};

const toThinking = (effort: unknown): JsonObject => {
  if (effort === 'none') return { type: 'disabled' };
  const budget = isText(effort) ? ownMember(BUDGETS, effort) : undefined;
  return { type: 'enabled', ...(budget === undefined ? {} : { token_budget: budget }) };
};

/** OpenRouter's `reasoning` as an effort or a budget; undefined where it says neither. */
function fromReasoning(reasoning: unknown): JsonObject | undefined {
  if (!isObject(reasoning)) return undefined;
  const { effort, max_tokens: budget, enabled } = reasoning;
  if (enabled === false) return toThinking('none');
  if (typeof budget === 'number') return { type: 'enabled', token_budget: budget };
  if (isText(effort)) return toThinking(effort);
  return enabled === true ? toThinking('high') : undefined;
}

/** Cohere's own object counts before OpenRouter's, and that before OpenAI's word. */
const thinkingUnlessGiven = (thinking: JsonObject | undefined, other: unknown): JsonObject =>
  thinking === undefined || isObject(other) ? {} : { thinking };

const QUIRKS: RequestQuirks = {
  // Usage always comes, with the end.
  streamUsage: false,
  otherParameters: 'forward',
  rules: [
    {
      parameters: {
        user: DROP,
        metadata: DROP,
        store: DROP,
        safety_identifier: DROP,
        service_tier: DROP,
        prompt_cache_key: DROP,
        prompt_cache_options: DROP,
        prompt_cache_retention: DROP,
        prediction: DROP,
        moderation: DROP,
        include_reasoning: DROP,
        max_completion_tokens: { do: 'rename', to: 'max_tokens' },
        top_k: { do: 'rename', to: 'k' },
        temperature: { do: 'rewrite', to: (value) => between(value, 0, 1) },
        top_p: { do: 'rewrite', to: () => undefined, also: (value) => ({ p: between(value, 0.01, 0.99) }) },
        frequency_penalty: PENALTY,
        presence_penalty: PENALTY,
        stop: {
          do: 'rewrite',
          to: () => undefined,
          refuses: (value) =>
            Array.isArray(value) && value.length > MOST_STOPS ? `It takes ${MOST_STOPS} texts at most.` : null,
          also: (value) => ({ stop_sequences: [value].flat() }),
        },
        tools: {
          do: 'rewrite',
          to: (_value, request) => toTools(request),
          refuses: (value) =>
            Array.isArray(value) && !value.every(isFunctionTool) ? 'Tools are functions: leave others out.' : null,
          also: (_value, request) => (isStrict(request) ? { strict_tools: true } : {}),
        },
        tool_choice: {
          do: 'rewrite',
          to: (_value, request) => toToolChoice(request),
          refuses: (value) => (isKnownChoice(value) ? null : 'It is none, auto, required, or the name of a function.'),
        },
        parallel_tool_calls: {
          do: 'rewrite',
          to: () => undefined,
          refuses: (value, { tools }) =>
            value === false && (tools ?? []).length > 0 ? 'It cannot be kept to one call a turn: leave it out.' : null,
        },
        response_format: {
          do: 'rewrite',
          to: (_value, request) => toResponseFormat(request),
          refuses: (_value, request) =>
            toResponseFormat(request) !== undefined && ((request.tools ?? []).length > 0 || hasDocuments(request))
              ? 'It takes a format or tools and documents, not both: ask for JSON in the prompt.'
              : null,
        },
        reasoning_effort: {
          do: 'rewrite',
          to: () => undefined,
          refuses: (value) => (EFFORTS.has(value) ? null : `It is one of ${[...EFFORTS].join(', ')}.`),
          also: (value, request) =>
            fromReasoning(request['reasoning']) === undefined
              ? thinkingUnlessGiven(toThinking(value), request['thinking'])
              : {},
        },
        reasoning: {
          do: 'rewrite',
          to: () => undefined,
          also: (value, request) => thinkingUnlessGiven(fromReasoning(value), request['thinking']),
        },
        n: ONE_CHOICE,
        top_logprobs: refused('It gives the chosen tokens only: leave it out.', 0),
        logit_bias: refusedUnlessEmpty('It takes no biases: leave it out.'),
        verbosity: refused('Say in the prompt how long the answer should be.', 'medium'),
        web_search_options: refusedUnlessEmpty('It does not search the web: give documents.'),
        audio: refusedUnlessEmpty('It answers in text only.'),
        modalities: {
          do: 'refuse',
          instead: 'It answers in text only.',
          isNeutral: (value) => Array.isArray(value) && value.every((each) => each === 'text'),
        },
        functions: NO_FUNCTIONS,
        function_call: NO_FUNCTIONS,
      },
    },
    {
      models: WITHOUT_THINKING,
      parameters: {
        reasoning_effort: refused(NO_THINKING, 'none'),
        reasoning: {
          do: 'refuse',
          instead: NO_THINKING,
          isNeutral: (value) => (fromReasoning(value)?.['type'] ?? 'disabled') === 'disabled',
        },
      },
    },
  ],
  rewriteMessages: toCohereMessages,
};

/** `json_schema` without its wrapping; undefined for a text. */
function toResponseFormat({ response_format: format }: ChatCompletionRequest): JsonObject | undefined {
  if (format == null || format.type === 'text') return undefined;
  const wrapper = isObject(format['json_schema']) ? format['json_schema'] : {};
  if (format.type === 'json_object') return format;
  return { type: 'json_object', ...(isObject(wrapper['schema']) ? { json_schema: wrapper['schema'] } : {}) };
}

/** The body of v2 chat: the caller's bytes, with what Cohere says otherwise. Throws a 400 for what it cannot do. */
export function toCohereBody(call: ChatCall, refuser: Refuser): Buffer {
  const documents = toDocuments(call.request, refuser);
  const body = toChatBody(call, refuser.target, refuser.name, QUIRKS);
  if (documents.length === 0) return body;
  return editMembers(body, new Map([['documents', { kind: 'set', value: JSON.stringify(documents) }]]));
}
