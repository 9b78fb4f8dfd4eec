import type { GatewayError } from '../../common/errors/gateway-error.js';
import {
  chatCompletionRequestSchema,
  type ChatCompletionRequest,
} from '../../contract/chat-completion-request.schema.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../transport/upstream.types.js';
import { NativeApi } from '../dialects/native/native-api.js';
import type { RequestQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { toUpstreamError, type ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject } from '../dialects/openai-chat/json-value.js';
import { NO_LOGPROBS, ONE_CHOICE, refused, refusedUnlessEmpty } from '../dialects/openai-chat/parameter-rules.js';
import { toRequestHeaders } from '../dialects/openai-chat/request-headers.js';
import { toChatBody } from '../dialects/openai-chat/request.mapper.js';
import { toCompletionAnswer } from '../dialects/responses/answer.mapper.js';
import { RESPONSES_ERRORS, type ResponsesFlavour } from '../dialects/responses/responses-flavour.js';
import { ResponsesStreamTranslator } from '../dialects/responses/stream-translator.js';
import type {
  ChatCall,
  CompletionAnswer,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../provider-strategy.js';
import { PERPLEXITY_MODELS } from './perplexity-ai.catalog.js';
import { toAgentRequest } from './request.mapper.js';
import { SEARCH_FILTERS } from './search.mapper.js';
import { isReserved, toCallerName, toWireName } from './tool-names.js';

/** Anthropic's models are refused without a limit. */
const DEFAULT_MAX_TOKENS = 8192;

const NO_CHOICE =
  "The Agent API cannot be made to call a tool: leave 'tool_choice' out, or offer one tool and ask for it in words.";

/** The decoder is strict: any member it does not know is a 400. SDK 0.38.5, docs.perplexity.ai, November 2026. */
const REQUEST: RequestQuirks = {
  streamUsage: false,
  otherParameters: 'refuse',
  accepted: new Set([
    'stream',
    'max_tokens',
    'max_completion_tokens',
    'temperature',
    'top_p',
    'tools',
    'tool_choice',
    'response_format',
    'reasoning_effort',
    'reasoning',
    'web_search_options',
    ...SEARCH_FILTERS,
    'preset',
    'models',
    'max_steps',
    'language_preference',
    'profile',
    'skills',
  ]),
  rules: [
    {
      parameters: {
        ...NO_LOGPROBS,
        n: ONE_CHOICE,
        stop: refusedUnlessEmpty('Cut the answer yourself.'),
        presence_penalty: refused('It takes no penalties: leave it out.', 0),
        frequency_penalty: refused('It takes no penalties: leave it out.', 0),
        top_k: refused("Use 'top_p'.", 0),
        logit_bias: refusedUnlessEmpty('It takes no biases: leave it out.'),
        parallel_tool_calls: refused('It decides itself how many tools it calls at once.', true),
        seed: { do: 'drop' },
        prediction: { do: 'drop' },
        return_images: refused('The Agent API gives none.', false),
        return_related_questions: refused('The Agent API gives none.', false),
        search_mode: refused("Use 'search_domain_filter'.", 'web'),
        response_format: {
          do: 'rewrite',
          to: (value) => (isObject(value) && value['type'] === 'text' ? undefined : value),
          refuses: (value) =>
            isObject(value) && (value['type'] === 'text' || value['type'] === 'json_schema')
              ? null
              : "It has no JSON mode: give the schema, as 'json_schema'.",
        },
        tool_choice: {
          do: 'rewrite',
          to: (value) => value,
          refuses: (value) =>
            value === 'auto' || value === 'none' || (isObject(value) && value['type'] === 'web_search')
              ? null
              : NO_CHOICE,
        },
      },
    },
    {
      models: /^anthropic\//,
      parameters: {
        max_completion_tokens: { do: 'default', value: DEFAULT_MAX_TOKENS, unless: ['max_tokens'] },
      },
    },
  ],
};

/** Perplexity's Agent API, which took the place of its chat completions: the Responses wire in a flavour of its own. */
export class PerplexityStrategy implements ProviderStrategy {
  readonly id = 'perplexity-ai';
  readonly aliases = ['perplexity'];
  readonly name = 'Perplexity';
  readonly origin = 'https://api.perplexity.ai';
  readonly needsCredential = true;
  readonly models = PERPLEXITY_MODELS;
  readonly native = new NativeApi({ name: this.name, dialects: { responses: '/v1/responses' } });

  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    const chat: unknown = JSON.parse(toChatBody(call, target, this.name, REQUEST).toString());
    const request = chatCompletionRequestSchema.parse(chat);
    const body = toAgentRequest(request, flavourOf(call.request), { name: this.name, target });
    return {
      method: 'POST',
      origin: target.base.origin,
      path: `${target.base.pathPrefix}/v1/agent`,
      headers: toRequestHeaders(call, target),
      body: Buffer.from(JSON.stringify(body)),
    };
  }

  readChatCompletion(answer: UpstreamAnswer, { request }: ChatCall, target: ProviderTarget): CompletionAnswer {
    return toCompletionAnswer(answer, flavourOf(request), this.contextOf(target));
  }

  openChatStream({ request }: ChatCall, target: ProviderTarget): StreamTranslator {
    const wantsUsage = request.stream_options?.include_usage === true;
    return new ResponsesStreamTranslator(wantsUsage, flavourOf(request), this.contextOf(target));
  }

  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    return toUpstreamError(answer, this.contextOf(target));
  }

  private contextOf(target: ProviderTarget): ErrorContext {
    return { name: this.name, target, rules: RESPONSES_ERRORS };
  }
}

/** Calls of Perplexity's own tools, and of any that the caller has not offered, are answered by Perplexity itself. */
function flavourOf({ tools }: ChatCompletionRequest): ResponsesFlavour {
  const offered = new Set(
    (tools ?? []).map(({ function: body }) => (isObject(body) ? toWireName(body['name']) : undefined)),
  );
  return {
    reasoningFormat: null,
    isStateless: false,
    summarises: false,
    formatIn: 'top',
    minOutputTokens: 16,
    takesImageDetail: false,
    takesFiles: false,
    saidAs: 'text',
    signsCalls: true,
    toWireName,
    toCallerName,
    isOwnCall: (name) => isReserved(name) || (offered.size > 0 && !offered.has(name)),
  };
}
