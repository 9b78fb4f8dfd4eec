import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject } from '../openai-chat/json-value.js';
import { toConversation } from './contents.mapper.js';
import { traitsOf } from './gemini-traits.catalog.js';
import type { GeminiBody } from './gemini.wire.js';
import { toGeneration } from './generation-config.mapper.js';
import { assertSupported, nativeFields } from './parameter-policy.js';
import { unsupported, type GeminiContext } from './refusal.js';
import { toTooling } from './tools.mapper.js';

/** How the two places that serve Gemini differ. */
export interface GeminiFlavour {
  /** Do calls and their results carry ids? AI Studio's do. */
  readonly callIds: boolean;
  /** Where a service tier is said. */
  readonly tierIn: 'body' | 'header';
}

/** OpenAI's words for what one gets anyway. */
const USUAL_TIERS: ReadonlySet<unknown> = new Set(['auto', 'default', 'standard']);

/** The body of `generateContent` and `streamGenerateContent`. Throws `unsupported_parameter` and `invalid_request`. */
export function toGeminiBody(
  request: ChatCompletionRequest,
  model: string,
  flavour: GeminiFlavour,
  context: GeminiContext,
): GeminiBody {
  assertSupported(request, context);
  const traits = traitsOf(model);
  const { tools, toolConfig } = toTooling(request, traits, context);
  const { generationConfig: ownGeneration, thinkingConfig, ...own } = nativeFields(request);
  const generation = {
    ...toGeneration(request, traits, context),
    ...(isObject(ownGeneration) ? ownGeneration : {}),
    ...(isObject(thinkingConfig) ? { thinkingConfig } : {}),
  };
  const tier = toServiceTier(request, context);
  return {
    ...toConversation(request, { traits, callIds: flavour.callIds }, context),
    ...(tools === undefined ? {} : { tools }),
    ...(toolConfig === undefined ? {} : { toolConfig }),
    ...(Object.keys(generation).length === 0 ? {} : { generationConfig: generation }),
    ...(tier === null || flavour.tierIn === 'header' ? {} : { serviceTier: tier }),
    ...own,
  };
}

/** Null for the usual one. */
export function toServiceTier(request: ChatCompletionRequest, context: GeminiContext): 'flex' | 'priority' | null {
  const tier = request['service_tier'] ?? null;
  if (tier === null || USUAL_TIERS.has(tier)) return null;
  if (tier === 'flex' || tier === 'priority') return tier;
  throw unsupported('service_tier', "Use 'auto', 'default', 'flex' or 'priority'.", context);
}
