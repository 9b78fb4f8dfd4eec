import { GatewayError } from '../common/errors/gateway-error.js';
import type { UpstreamAnswer } from '../transport/upstream.types.js';
import { toUpstreamError } from './dialects/openai-chat/error.mapper.js';
import { NativeApi } from './dialects/native/native-api.js';
import type { NativeOnlyProvider } from './native-only.catalog.js';
import type { NativeSurface, ProviderStrategy, ProviderTarget } from './provider-strategy.js';

/** A provider that is reached by its own API alone: whoever asks it for chat is told so. */
export class NativeOnlyStrategy implements ProviderStrategy {
  readonly id: string;
  readonly aliases = [];
  readonly name: string;
  readonly origin: string;
  readonly needsCredential = true;
  readonly isNativeOnly = true as const;
  readonly models = [];
  readonly native: NativeSurface;

  constructor(provider: NativeOnlyProvider) {
    this.id = provider.id;
    this.name = provider.name;
    this.origin = provider.origin;
    this.native = new NativeApi(provider);
  }

  buildChatRequest(): never {
    throw unasked();
  }

  readChatCompletion(): never {
    throw unasked();
  }

  openChatStream(): never {
    throw unasked();
  }

  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    return toUpstreamError(answer, { name: this.name, target, rules: [] });
  }
}

/** The planner asks nobody for chat who has none. */
const unasked = (): GatewayError => new GatewayError('internal', 'This provider has no chat completions.');
