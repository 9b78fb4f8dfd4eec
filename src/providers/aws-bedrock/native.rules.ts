import { GatewayError } from '../../common/errors/gateway-error.js';
import type { Usage } from '../../contract/chat-completion.js';
import { headerOf, type UpstreamHeaders, type UpstreamRequest } from '../../transport/upstream.types.js';
import { noWay, type NativePlace, type NativeRules } from '../dialects/native/native-api.js';
import { headerIn } from '../dialects/openai-chat/request-headers.js';
import type { NativeCall } from '../native-call.js';
import type { ProviderCredential, ProviderTarget } from '../provider-strategy.js';
import { DEFAULT_REGION, readCredential, REGION } from './credential.js';
import { BEDROCK_ORIGIN, originOf } from './signed-request.js';
import { signRequest } from './sigv4.js';
import { toUsage } from './usage.js';

/** `/{service}/{region}/…`: the two services that answer calls of models. */
const SHAPE = /^\/(bedrock-runtime|bedrock-mantle)\/([^/?]+)(\/.*)$/;

/** Mantle serves Anthropic's Messages as Anthropic does: its key goes in a header of its own. */
const isMantleMessages = (path: string): boolean => /^\/bedrock-mantle\/[^/]+\/anthropic\//.test(path);

function serviceIn(path: string): { readonly service: string; readonly region: string; readonly rest: string } | null {
  const found = SHAPE.exec(path);
  return found === null ? null : { service: found[1] ?? '', region: found[2] ?? '', rest: found[3] ?? '' };
}

/** The region stands in the path. Without service and region it is the runtime, where the stored key says. */
function place(path: string, target: ProviderTarget): NativePlace {
  const { origin, pathPrefix } = target.base;
  const isVendors = origin === BEDROCK_ORIGIN;
  const found = serviceIn(path);
  if (found === null) {
    if (!path.startsWith('/model/'))
      throw noWay(target, 'Bedrock is reached as /aws-bedrock/bedrock-runtime/{region}/model/{id}/invoke.');
    return { origin: isVendors ? originOf(regionOf(target)) : origin, path: pathPrefix + path };
  }
  const { service, region, rest } = found;
  if (!REGION.test(region)) throw noWay(target, `'${region}' is no region of AWS.`);
  const own = service === 'bedrock-mantle' ? `https://bedrock-mantle.${region}.api.aws` : originOf(region);
  return { origin: isVendors ? own : origin, path: pathPrefix + rest };
}

const regionOf = ({ credential }: ProviderTarget): string =>
  credential?.source === 'stored' ? readCredential(credential).region : DEFAULT_REGION;

/** A key of Bedrock's own; AWS keys sign instead. */
function show(credential: ProviderCredential, { path }: NativeCall): readonly string[] {
  const { auth } = readCredential(credential);
  if (auth.kind === 'keys') return [];
  return isMantleMessages(path) ? ['x-api-key', auth.key] : ['authorization', `Bearer ${auth.key}`];
}

/** What the caller signed travels as it is; a bearer goes where the service looks for it. */
function showOwn({ path, credentials }: NativeCall): readonly string[] {
  const [name, value = ''] = credentials;
  const isBearer = name === 'authorization' && /^bearer\s/i.test(value);
  return isBearer && isMantleMessages(path) ? ['x-api-key', value.replace(/^bearer\s+/i, '')] : credentials;
}

function sign(request: UpstreamRequest, { path }: NativeCall, target: ProviderTarget): readonly string[] {
  const { credential } = target;
  if (credential?.source !== 'stored') return [];
  const { auth } = readCredential(credential);
  if (auth.kind !== 'keys') return [];
  if (request.upload !== undefined)
    throw new GatewayError('request_too_large', 'Amazon Bedrock wants bodies signed: send JSON of less than 25 MiB.', {
      provider: target.provider,
    });
  const found = serviceIn(path);
  const type = headerIn(request.headers, 'content-type');
  return signRequest(
    {
      method: request.method,
      path: request.path,
      headers: { host: new URL(request.origin).host, ...(type === null ? {} : { 'content-type': type }) },
      body: request.body ?? Buffer.alloc(0),
    },
    {
      keys: auth.keys,
      region: found?.region ?? regionOf(target),
      service: found?.service === 'bedrock-mantle' ? 'bedrock-mantle' : 'bedrock',
      signedAt: target.createdAt,
    },
  );
}

/** `InvokeModel` answers in the words of the model's maker, and counts in its head. */
function usageOf(headers: UpstreamHeaders): Usage | undefined {
  return toUsage({
    inputTokens: numberOf(headerOf(headers, 'x-amzn-bedrock-input-token-count')),
    outputTokens: numberOf(headerOf(headers, 'x-amzn-bedrock-output-token-count')),
  });
}

const numberOf = (text: string | null): number | undefined => (text === null ? undefined : Number(text));

export const BEDROCK_NATIVE: Omit<NativeRules, 'name'> = {
  place,
  show,
  showOwn,
  sign,
  modelIn: /\/model\/([^/?]+)/,
  usageIn: toUsage,
  usageOf,
};
