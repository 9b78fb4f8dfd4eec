import { z } from 'zod';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { ProviderCredential } from '../provider-strategy.js';
import { parseJson } from '../dialects/openai-chat/json-value.js';
import type { AwsKeys } from './sigv4.js';

/** Where an inline key, or a stored one that names no region, goes. */
export const DEFAULT_REGION = 'us-east-1';

/** A region's name is part of a host name: nothing that could end it. */
export const REGION = /^[a-z]{2,3}(?:-[a-z]+){1,3}-\d{1,2}$/;
const region = z.string().regex(REGION);

const keysSchema = z.object({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1).nullish(),
  region: region.nullish(),
});

const settingsSchema = z.object({ region: region.optional() });

/** How a call proves who it is: a signature made with a pair of AWS keys, or a Bedrock API key as a bearer. */
export interface BedrockCredential {
  readonly region: string;
  readonly auth: { readonly kind: 'keys'; readonly keys: AwsKeys } | { readonly kind: 'bearer'; readonly key: string };
}

/**
 * The stored secret: `{accessKeyId, secretAccessKey, region?, sessionToken?}` as JSON, or a Bedrock API key as it is. The region
 * is the secret's own, else the settings'. Throws `missing_provider_key` for one that cannot be used.
 */
export function readCredential(credential: ProviderCredential): BedrockCredential {
  const text = credential.secret.reveal().trim();
  const settings = settingsSchema.safeParse(credential.settings);
  if (!settings.success) throw unusable(credential, 'its settings name a region that is none');
  const fallback = settings.data.region ?? DEFAULT_REGION;
  if (!text.startsWith('{')) return { region: fallback, auth: { kind: 'bearer', key: text } };

  const parsed = keysSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const places = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))].filter((place) => place !== '');
    throw unusable(credential, places.length === 0 ? 'it is no JSON' : `something is wrong with ${places.join(', ')}`);
  }
  const { accessKeyId, secretAccessKey, sessionToken, region: own } = parsed.data;
  const keys = { accessKeyId, secretAccessKey, sessionToken: sessionToken ?? null };
  return { region: own ?? fallback, auth: { kind: 'keys', keys } };
}

/** All that must not be told, whatever AWS echoes: the parts of the secret, not only its whole. */
export function secretsOf(credential: ProviderCredential | null): readonly string[] {
  if (credential === null) return [];
  const text = credential.secret.reveal().trim();
  const parsed = keysSchema.safeParse(parseJson(text));
  if (!parsed.success) return [text];
  return [parsed.data.secretAccessKey, parsed.data.sessionToken, parsed.data.accessKeyId].filter(
    (part) => part !== null && part !== undefined,
  );
}

const unusable = ({ source, alias }: ProviderCredential, why: string): GatewayError =>
  new GatewayError(
    'missing_provider_key',
    `The ${source} key${alias === null ? '' : ` '${alias}'`} for Amazon Bedrock cannot be used: ${why}. ` +
      'Give {"accessKeyId", "secretAccessKey", "region", "sessionToken"?} as JSON, or a Bedrock API key.',
    { provider: 'aws-bedrock' },
  );
