import type { GatewayError } from '../../../common/errors/gateway-error.js';
import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../../transport/upstream.types.js';
import type { ChatCall, CompletionAnswer, ProviderTarget, StreamTranslator } from '../../provider-strategy.js';
import { isObject } from '../openai-chat/json-value.js';
import { toRequestHeaders } from '../openai-chat/request-headers.js';
import type { ReadingWish } from './choice-reader.js';
import { toCompletionAnswer } from './completion.mapper.js';
import { toGeminiError } from './error.mapper.js';
import { toGeminiBody, toServiceTier, type GeminiFlavour } from './request.mapper.js';
import { GeminiStreamTranslator } from './stream-translator.js';

/** Where one call goes. */
export interface GeminiAddress {
  readonly origin: string;
  /** The model's resource, with all that stands before it: `/v1beta/models/gemini-2.5-flash`. */
  readonly resource: string;
  /** How the credential is shown: header names and values in turn. */
  readonly credential: readonly string[];
}

/** Chat with a model that speaks Gemini's `generateContent`, wherever it is served. Address and credential are the provider's. */
export class GeminiChat {
  constructor(
    private readonly name: string,
    private readonly flavour: GeminiFlavour,
  ) {}

  /** @param model The model's bare name, which says its generation. */
  buildRequest(call: ChatCall, target: ProviderTarget, model: string, address: GeminiAddress): UpstreamRequest {
    const context = { name: this.name, target };
    const { request } = call;
    const method = request.stream === true ? 'streamGenerateContent?alt=sse' : 'generateContent';
    const body = toGeminiBody(request, model, this.flavour, context);
    const headers = toRequestHeaders(call, target, { credential: address.credential });
    const tier = this.flavour.tierIn === 'header' ? toServiceTier(request, context) : null;
    if (tier !== null) headers.push('x-vertex-ai-llm-shared-request-type', tier);
    return {
      method: 'POST',
      origin: address.origin,
      path: `${address.resource}:${method}`,
      headers,
      body: Buffer.from(JSON.stringify(body)),
    };
  }

  readChatCompletion(answer: UpstreamAnswer, { request }: ChatCall, target: ProviderTarget): CompletionAnswer {
    return toCompletionAnswer(answer, toWish(request), { name: this.name, target });
  }

  openChatStream({ request }: ChatCall, target: ProviderTarget): StreamTranslator {
    const wantsUsage = request.stream_options?.include_usage === true;
    return new GeminiStreamTranslator({ ...toWish(request), wantsUsage }, { name: this.name, target });
  }

  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    return toGeminiError(answer, this.name, target);
  }
}

/** Grounding comes of Google's own tools only: they are all that is no function, and what is said in Google's own words. */
const toWish = (request: ChatCompletionRequest): ReadingWish => ({
  isSingleCall: request.parallel_tool_calls === false,
  mayGround:
    (request['web_search_options'] ?? request['google'] ?? request['extra_body'] ?? null) !== null ||
    (request.tools ?? []).some((tool) => !isObject(tool['function'])),
});

/** A model's id as a path: its slashes are kept, and nothing in it can lead elsewhere. */
export const toModelPath = (model: string): string =>
  model
    .split('/')
    .map((segment) => (/^\.+$/.test(segment) ? segment.replaceAll('.', '%2E') : encodeURIComponent(segment)))
    .map((segment) => segment.replaceAll('%40', '@').replaceAll('%3A', ':'))
    .join('/');
