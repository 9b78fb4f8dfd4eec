import { Injectable } from '@nestjs/common';
import type { Secret } from '../common/secret.js';
import { KeyVault } from './key-vault.js';
import { StoredSecretRepository } from './stored-secret.repository.js';

/** Secrets that a setting names, for the gateway's own use. */
@Injectable()
export class NamedSecrets {
  constructor(
    private readonly secrets: StoredSecretRepository,
    private readonly vault: KeyVault,
  ) {}

  /**
   * The value of an active secret with the scope `ai_gateway`; `storeId` null means the account's default store. Null for one that is
   * not there, and for one that a provider key uses: a provider's key goes to its provider and nowhere else.
   */
  async find(accountId: string, storeId: string | null, name: string): Promise<Secret | null> {
    const secret = await this.secrets.findNamed(accountId, storeId, name);
    return secret === null || secret.owner.kind === 'provider-key'
      ? null
      : this.vault.open(secret.sealed, secret.owner);
  }
}
