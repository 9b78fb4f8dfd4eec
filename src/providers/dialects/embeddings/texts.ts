import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { EmbeddingsRequest } from '../../../contract/embeddings-request.schema.js';
import type { ProviderTarget } from '../../provider-strategy.js';

/** Where a provider takes a text a request, a batch becomes as many; more than this is not one call any more. */
const MOST_REQUESTS = 256;

/** The texts of a request. Throws `unsupported_parameter` for tokens, which only the tokens' own maker can read. */
export function toTexts({ input }: EmbeddingsRequest, name: string, target: ProviderTarget): string[] {
  const list = typeof input === 'string' ? [input] : input;
  const texts = list.filter((text) => typeof text === 'string');
  if (texts.length === list.length) return texts;
  throw refusal('input', `${name} does not read tokens of OpenAI's. Send the text.`, target);
}

/** The same, for providers that take one at a time. */
export function toSingleTexts(request: EmbeddingsRequest, name: string, target: ProviderTarget): string[] {
  const texts = toTexts(request, name, target);
  if (texts.length <= MOST_REQUESTS) return texts;
  const message = `${name} takes a text a request with '${target.model}', and ${texts.length} are more than the ${MOST_REQUESTS} that one call may become. Send fewer.`;
  throw refusal('input', message, target);
}

export const refusal = (param: string, message: string, { provider, model }: ProviderTarget): GatewayError =>
  new GatewayError('unsupported_parameter', message, { param, provider, model });
