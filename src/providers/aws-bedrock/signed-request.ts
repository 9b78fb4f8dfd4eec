import type { UpstreamRequest } from '../../transport/upstream.types.js';
import { toRequestHeaders, type HeadedCall } from '../dialects/openai-chat/request-headers.js';
import type { ProviderTarget } from '../provider-strategy.js';
import { DEFAULT_REGION, readCredential, type BedrockCredential } from './credential.js';
import { percentEncode, signRequest } from './sigv4.js';

/** The runtime's host in a region. */
export const originOf = (region: string): string => `https://bedrock-runtime.${region}.amazonaws.com`;

/** Of the region where a call goes that names none. */
export const BEDROCK_ORIGIN = originOf(DEFAULT_REGION);

/**
 * A request for one of a model's operations, signed, or shown a Bedrock API key.
 * @param operation `converse`, `invoke`, …
 */
export function toSignedRequest(
  call: HeadedCall,
  target: ProviderTarget,
  operation: string,
  json: unknown,
): UpstreamRequest {
  const credential = target.credential === null ? null : readCredential(target.credential);
  const base = target.base.origin;
  const unsigned = {
    method: 'POST',
    // The vendor's own origin is that of a region; what an operator or a stored key put in its place stands.
    origin: base === BEDROCK_ORIGIN && credential !== null ? originOf(credential.region) : base,
    path: `${target.base.pathPrefix}/model/${percentEncode(target.model)}/${operation}`,
    body: Buffer.from(JSON.stringify(json)),
  } as const;
  return {
    ...unsigned,
    headers: toRequestHeaders(call, target, {
      streamType: 'application/vnd.amazon.eventstream',
      credential: credential === null ? [] : authorize(unsigned, credential, target.createdAt),
    }),
  };
}

/** The headers that show who calls. Signed is what must not be changed on the way; the transport adds the host as it is here. */
function authorize(
  request: Pick<UpstreamRequest, 'method' | 'origin' | 'path'> & { readonly body: Buffer },
  { region, auth }: BedrockCredential,
  signedAt: number,
): string[] {
  if (auth.kind === 'bearer') return ['authorization', `Bearer ${auth.key}`];
  const headers = { host: new URL(request.origin).host, 'content-type': 'application/json' };
  return signRequest({ ...request, headers }, { keys: auth.keys, region, service: 'bedrock', signedAt });
}
