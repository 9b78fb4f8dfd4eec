import type { GatewayError } from '../../common/errors/gateway-error.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../transport/upstream.types.js';
import { MessagesDialect } from '../dialects/anthropic-messages/messages-dialect.js';
import { NativeApi } from '../dialects/native/native-api.js';
import type {
  ChatCall,
  CompletionAnswer,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../provider-strategy.js';
import { ANTHROPIC_MODELS } from './anthropic.catalog.js';

/** The last version whose older models take sampling parameters. */
const VERSION = '2023-06-01';

export class AnthropicStrategy implements ProviderStrategy {
  readonly id = 'anthropic';
  readonly aliases: readonly string[] = [];
  readonly name = 'Anthropic';
  readonly origin = 'https://api.anthropic.com';
  readonly needsCredential = true;
  readonly models = ANTHROPIC_MODELS;
  readonly native = new NativeApi({
    name: this.name,
    root: '/v1',
    dialects: { messages: '/messages' },
    show: ({ secret }) => ['x-api-key', secret.reveal()],
    defaults: ['anthropic-version', VERSION],
  });
  private readonly dialect = new MessagesDialect({
    name: this.name,
    path: () => '/v1/messages',
    modelInBody: true,
    streamInBody: true,
    versionIn: 'header',
    version: VERSION,
    credential: ({ secret }) => ['x-api-key', secret.reveal()],
  });

  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    return this.dialect.buildChatRequest(call, target);
  }

  readChatCompletion(answer: UpstreamAnswer, call: ChatCall, target: ProviderTarget): CompletionAnswer {
    return this.dialect.readChatCompletion(answer, call, target);
  }

  openChatStream(call: ChatCall, target: ProviderTarget): StreamTranslator {
    return this.dialect.openChatStream(call, target);
  }

  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    return this.dialect.readError(answer, target);
  }
}
