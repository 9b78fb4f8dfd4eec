import { z } from 'zod';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { ProviderTarget } from '../provider-strategy.js';

/** Stands for an address that only a key's settings tell: each resource has its own. */
export const NO_ORIGIN = 'azure-openai:';

const settingsSchema = z.object({ resource: z.string().min(1).optional(), api_version: z.string().min(1).optional() });

/** `2024-10-21`, `2025-04-01-preview`. `v1`, `preview` and `latest` are versions of the path without a deployment. */
const DATED = /^\d{4}-\d{2}-\d{2}/;

export const settingsOf = ({ credential }: ProviderTarget): z.infer<typeof settingsSchema> => {
  const settings = settingsSchema.safeParse(credential?.settings ?? {});
  return settings.success ? settings.data : {};
};

/** The address of a resource. */
export const originOf = (resource: string): string => `https://${resource.toLowerCase()}.openai.azure.com`;

/** The base that the key or the operator names, else the key's resource. Throws `missing_provider_key` where there is neither. */
export function toOrigin(target: ProviderTarget): string {
  if (target.base.origin !== NO_ORIGIN) return target.base.origin;
  const { resource } = settingsOf(target);
  if (resource !== undefined) return originOf(resource);
  const which =
    target.credential?.source === 'stored'
      ? `The stored key '${target.credential.alias ?? 'default'}' does not say which: store it with`
      : 'A key sent along with the call cannot say which: store one with';
  throw new GatewayError(
    'missing_provider_key',
    `Azure OpenAI is reached at a resource of your own. ${which} "settings": {"resource": "…"} for ` +
      'https://….openai.azure.com (and "api_version" for a dated API), or {"base_url": "https://…"} for any other address.',
    { provider: target.provider, model: target.model },
  );
}

/**
 * @param operation `chat/completions`, `embeddings`: found below the deployment in a dated API. `responses` is not.
 */
export function toPath(target: ProviderTarget, operation: string): string {
  const { api_version: version } = settingsOf(target);
  if (version === undefined || version === 'v1') return `/openai/v1/${operation}`;
  const query = `?api-version=${encodeURIComponent(version)}`;
  if (!DATED.test(version)) return `/openai/v1/${operation}${query}`;
  const place = operation === 'responses' ? '' : `deployments/${encodeURIComponent(target.model)}/`;
  return `/openai/${place}${operation}${query}`;
}

/** A key goes in a header of its own; Entra's tokens, which are JWTs, as a bearer. */
export function toCredentialHeader({ credential }: ProviderTarget): string[] {
  if (credential === null) return [];
  const secret = credential.secret.reveal();
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(secret) ? ['authorization', `Bearer ${secret}`] : ['api-key', secret];
}
