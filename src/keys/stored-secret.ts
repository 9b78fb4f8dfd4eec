import type { SealedSecret, SecretOwner } from './sealed-secret.js';

export const SECRET_SCOPES = ['workers', 'ai_gateway', 'dex', 'access', 'containers', 'websearch'] as const;
export type SecretScope = (typeof SECRET_SCOPES)[number];

/** The store of secrets whose gateway names none. */
export const DEFAULT_STORE = 'default_secrets_store';

/** The scope a secret needs to serve as a provider key, or to be sent on by a gateway. */
export const PROVIDER_KEY_SCOPE: SecretScope = 'ai_gateway';

/** A secret as admins see it: never its value. */
export interface StoredSecret {
  readonly id: string;
  readonly accountId: string;
  readonly storeId: string;
  readonly name: string;
  readonly status: string;
  readonly scopes: readonly string[];
  readonly comment: string | null;
  /** Made with a provider key's inline secret, and deleted with it. */
  readonly managed: boolean;
  readonly preview: string;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}

/** A secret with its sealed value and what that is sealed for. */
export interface SealedStoredSecret extends StoredSecret {
  readonly sealed: SealedSecret;
  readonly owner: SecretOwner;
}

/** A named collection of secrets. */
export interface SecretsStore {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}
