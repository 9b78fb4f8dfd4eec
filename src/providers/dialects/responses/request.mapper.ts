import { ownMember } from '../../../common/own-member.js';
import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { toInput } from './input.mapper.js';
import { toRefusal, type RequestContext } from './refusal.js';
import type { ResponsesFlavour } from './responses-flavour.js';
import { toTool, toToolChoice, toWebSearch } from './tools.mapper.js';

/** What has a place of its own below. */
const TRANSLATED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'tools',
  'tool_choice',
  'web_search_options',
  'response_format',
  'verbosity',
  'reasoning_effort',
  'reasoning',
  'logprobs',
  'top_logprobs',
  'store',
]);

/** Hints, and what asks for the best effort only: the answer means the same without them. */
const DROPPED: ReadonlySet<string> = new Set(['seed', 'prediction']);

interface Refusal {
  readonly what: string;
  readonly instead: string;
  readonly isNeutral: (value: unknown) => boolean;
}

const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
const CUT = 'Cut the answer yourself, or use a model that Chat Completions serves.';
const CHAT_ONLY = 'Leave it out, or use a model that Chat Completions serves.';

/** What has no counterpart and whose loss would change the answer, but for the values that mean none. */
const REFUSED: Readonly<Record<string, Refusal>> = {
  n: { what: 'several choices', instead: 'Call it several times.', isNeutral: (value) => value === 1 },
  stop: { what: '`stop`', instead: CUT, isNeutral: isEmpty },
  presence_penalty: { what: 'penalties', instead: CHAT_ONLY, isNeutral: (value) => value === 0 },
  frequency_penalty: { what: 'penalties', instead: CHAT_ONLY, isNeutral: (value) => value === 0 },
  logit_bias: { what: '`logit_bias`', instead: CHAT_ONLY, isNeutral: isEmpty },
  audio: { what: '`audio`', instead: 'Use an audio model.', isNeutral: () => false },
  modalities: {
    what: 'other modalities than text',
    instead: 'Use an audio model.',
    isNeutral: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
  },
  functions: { what: '`functions`', instead: 'Use `tools`.', isNeutral: isEmpty },
  function_call: { what: '`function_call`', instead: 'Use `tool_choice`.', isNeutral: (value) => value === 'none' },
};

/**
 * A chat completion request as one of the Responses wire. What nobody here has heard of travels on under its name. Throws
 * `unsupported_parameter` for what has no counterpart and whose loss would change the answer.
 */
export function toResponsesRequest(
  request: ChatCompletionRequest,
  flavour: ResponsesFlavour,
  context: RequestContext,
): Record<string, unknown> {
  const body: Record<string, unknown> = {
    model: context.target.model,
    input: toInput(request.messages, flavour, context),
  };
  if (request.stream === true) body['stream'] = true;
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  if (maxTokens != null) body['max_output_tokens'] = Math.max(maxTokens, flavour.minOutputTokens);
  const tools = toTools(request, flavour);
  if (tools.length > 0) body['tools'] = tools;
  if (request.tool_choice != null && tools.length > 0) body['tool_choice'] = toToolChoice(request.tool_choice);
  const reasoning = toReasoning(request, flavour);
  if (reasoning !== null) body['reasoning'] = reasoning;
  Object.assign(body, toFormat(request, flavour), toIncludes(request, flavour));

  for (const [parameter, value] of Object.entries(request)) {
    if (value === null || value === undefined || TRANSLATED.has(parameter) || DROPPED.has(parameter)) continue;
    const refusal = ownMember(REFUSED, parameter);
    if (refusal === undefined) body[parameter] = value;
    else if (!refusal.isNeutral(value)) throw toRefusal(parameter, refusal.what, refusal.instead, context);
  }
  return body;
}

function toTools(
  { tools, web_search_options: search }: ChatCompletionRequest,
  flavour: ResponsesFlavour,
): JsonObject[] {
  return [...(tools ?? []).map((tool) => toTool(tool, flavour)), ...(isObject(search) ? [toWebSearch(search)] : [])];
}

/** `reasoning` is OpenRouter's object, which its clients send elsewhere too. */
function toReasoning(
  { reasoning_effort: effort, reasoning }: ChatCompletionRequest,
  { summarises }: ResponsesFlavour,
): JsonObject | null {
  const own = isObject(reasoning) ? reasoning : {};
  const chosen = effort ?? own['effort'];
  // OpenAI summarises for verified organisations only: `summary: null` and OpenRouter's `exclude` ask for none.
  const isWanted = summarises && isText(chosen) && chosen !== 'none' && own['exclude'] !== true;
  const summary = 'summary' in own ? own['summary'] : isWanted ? 'auto' : undefined;
  const out = { ...(isText(chosen) ? { effort: chosen } : {}), ...(isText(summary) ? { summary } : {}) };
  return Object.keys(out).length === 0 ? null : out;
}

function toFormat(
  { response_format: format, verbosity }: ChatCompletionRequest,
  { formatIn }: ResponsesFlavour,
): JsonObject {
  if (formatIn === 'top') {
    return {
      ...(format == null || format.type === 'text' ? {} : { response_format: format }),
      ...(isText(verbosity) ? { verbosity } : {}),
    };
  }
  const schema = format?.['json_schema'];
  const flat = format?.type === 'json_schema' && isObject(schema) ? { type: 'json_schema', ...schema } : format;
  const text = { ...(flat == null ? {} : { format: flat }), ...(isText(verbosity) ? { verbosity } : {}) };
  return Object.keys(text).length === 0 ? {} : { text };
}

/** Without state at the server reasoning comes encrypted, and goes back that way. */
function toIncludes(
  { store, logprobs, top_logprobs: top }: ChatCompletionRequest,
  { isStateless }: ResponsesFlavour,
): JsonObject {
  const include = [
    ...(isStateless ? ['reasoning.encrypted_content'] : []),
    ...(logprobs === true ? ['message.output_text.logprobs'] : []),
  ];
  return {
    ...(isStateless ? { store: store ?? false } : {}),
    ...(include.length === 0 ? {} : { include }),
    ...(logprobs === true && top != null ? { top_logprobs: top } : {}),
  };
}
