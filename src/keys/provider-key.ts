import type { Secret } from '../common/secret.js';
import type { ProviderKeySettings } from './provider-key-settings.schema.js';

/** A stored key, unsealed, as the request path sees it: one entry of the directory's snapshot. */
export interface StoredProviderKey {
  readonly id: string;
  readonly provider: string;
  readonly alias: string;
  readonly secret: Secret;
  /** What is not secret: `base_url`, `headers`, `resource`, `api_version`, `region`, `account_id`, `pool`, `weight`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Requests a period; null: no limit. */
  readonly rate: { readonly limit: number; readonly periodS: number } | null;
}

/** A stored key as admins see it: the control plane's provider config. */
export interface ProviderKeyRecord {
  readonly id: string;
  readonly accountId: string;
  readonly gatewayInternalId: string;
  /** Canonical slug. */
  readonly provider: string;
  readonly alias: string;
  readonly defaultConfig: boolean;
  readonly settings: ProviderKeySettings;
  readonly secretId: string;
  readonly secretPreview: string;
  /** Requests a period; null: no limit. */
  readonly rateLimit: number | null;
  /** Seconds. */
  readonly rateLimitPeriod: number | null;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}
