import type { GatewayError } from '../../../common/errors/gateway-error.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../../transport/upstream.types.js';
import type { ChatCall, CompletionAnswer, ProviderTarget, StreamTranslator } from '../../provider-strategy.js';
import { toUpstreamError, type ErrorContext } from '../openai-chat/error.mapper.js';
import { isObject } from '../openai-chat/json-value.js';
import { headerIn, toRequestHeaders } from '../openai-chat/request-headers.js';
import { toCompletionAnswer } from './completion.mapper.js';
import { MESSAGES_ERROR_RULES } from './error-rules.js';
import type { MessagesWire } from './messages-wire.js';
import { toMessagesBody } from './request.mapper.js';
import { MessagesStreamTranslator } from './stream-translator.js';
import { planOutput } from './structured-output.js';
import { isNativeTool } from './tools.mapper.js';

/** Chat by Anthropic's Messages, wherever they are served: a strategy holds one of these and delegates. */
export class MessagesDialect {
  constructor(private readonly wire: MessagesWire) {}

  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    const { wire } = this;
    const { credential, base } = target;
    const headers = toRequestHeaders(call, target, {
      credential: credential === null ? [] : [...wire.credential(credential)],
    });
    if (wire.versionIn === 'header' && headerIn(headers, 'anthropic-version') === null) {
      headers.push('anthropic-version', wire.version);
    }
    return {
      method: 'POST',
      origin: base.origin,
      path: base.pathPrefix + wire.path(target, call.request.stream === true),
      headers,
      body: toMessagesBody(call, target, wire, headers),
    };
  }

  readChatCompletion(answer: UpstreamAnswer, { request }: ChatCall, target: ProviderTarget): CompletionAnswer {
    return toCompletionAnswer(answer, planOutput(request, target.model), this.contextOf(target));
  }

  openChatStream({ request }: ChatCall, target: ProviderTarget): StreamTranslator {
    const wish = {
      wantsUsage: request.stream_options?.include_usage === true,
      isAnswerTool: planOutput(request, target.model).kind === 'tool',
      keepsBlocks:
        (request.tools ?? []).some(isNativeTool) ||
        isObject(request['web_search_options']) ||
        Array.isArray(request['mcp_servers']),
    };
    return new MessagesStreamTranslator(wish, this.contextOf(target));
  }

  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    return toUpstreamError(answer, this.contextOf(target));
  }

  private contextOf(target: ProviderTarget): ErrorContext {
    return { name: this.wire.name, target, rules: MESSAGES_ERROR_RULES };
  }
}
