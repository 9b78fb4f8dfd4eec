import { NO_REQUEST_QUIRKS, type ChatQuirks } from '../providers/dialects/openai-chat/chat-quirks.js';
import { LENIENT_ANSWER } from '../providers/dialects/openai-chat/lenient-answer.js';
import { OpenAiChatStrategy } from '../providers/dialects/openai-chat/openai-chat.strategy.js';
import type { WireHeaders } from '../providers/dialects/openai-chat/request-headers.js';
import { OpenAiEmbeddings } from '../providers/dialects/embeddings/openai-embeddings.js';
import type { ProviderTarget } from '../providers/provider-strategy.js';
import { type CustomProvider, customSlug } from './custom-provider.js';
import type { ProviderHeaders } from './provider-headers.js';

/** Nobody knows how it departs from OpenAI's dialect: all parameters travel on, and of answers a lot is forgiven. */
const QUIRKS: ChatQuirks = { request: NO_REQUEST_QUIRKS, answer: LENIENT_ANSWER, errors: [] };

/** A provider that an account brings itself. It speaks OpenAI's dialect on the compat surface; natively it speaks its own. */
export class CustomProviderStrategy extends OpenAiChatStrategy {
  /** Whoever writes to the provider's row changes who answers, or how it is asked. */
  readonly revision: string;

  constructor(provider: CustomProvider, headers: ProviderHeaders) {
    const { slug, name, baseUrl, settings } = provider;
    const version = new URL(baseUrl).pathname === '/' ? '/v1' : '';
    const wire = (target: ProviderTarget): WireHeaders => ({
      own: headers,
      credential: shown(target, settings.key_header ?? 'authorization'),
    });
    super({
      id: customSlug(slug),
      aliases: [],
      name,
      origin: baseUrl,
      path: settings.chat_path ?? `${version}/chat/completions`,
      quirks: QUIRKS,
      models: [],
      embeddings: new OpenAiEmbeddings({
        name,
        models: [],
        path: () => settings.embeddings_path ?? `${version}/embeddings`,
        encodes: false,
        dimensions: 'dimensions',
        wire,
      }),
      wire,
      native: { own: headers, show: (_key, _call, target) => shown(target, settings.key_header ?? 'authorization') },
      needsCredential: false,
    });
    this.revision = provider.modifiedAt.toISOString();
  }
}

const shown = ({ credential }: ProviderTarget, header: string): readonly string[] => {
  if (credential === null) return [];
  const key = credential.secret.reveal();
  return [header, header === 'authorization' ? `Bearer ${key}` : key];
};
