import type { Secret } from '../common/secret.js';

/** A stored key, unsealed, as the request path sees it: one entry of the directory's snapshot. */
export interface StoredProviderKey {
  readonly id: string;
  readonly provider: string;
  readonly alias: string;
  readonly secret: Secret;
  /** What is not secret: `base_url`, `headers`, `resource`, `api_version`, `region`, `account_id`, `pool`, `weight`. */
  readonly settings: Readonly<Record<string, unknown>>;
}
