import { Injectable, Logger } from '@nestjs/common';

import { ChangeFeed } from '../persistence/change-feed.service.js';
import { KeyVault, VaultError } from './key-vault.js';
import { SealedHeadersRepository } from './sealed-headers.repository.js';
import type { SealedSecret } from './sealed-secret.js';
import { StoredSecretRepository } from './stored-secret.repository.js';

const BATCH = 100;

/** A table that holds sealed values. */
interface SealedRows {
  notWrappedBy(
    kekId: string,
    after: string,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly accountId: string; readonly sealed: SealedSecret }[]>;
  rewrap(id: string, before: SealedSecret, after: SealedSecret): Promise<boolean>;
}

/** What a rotation did. */
export interface RotationReport {
  /** The fingerprint of the master key that wraps every row now, but for the ones that are left. */
  readonly kekId: string;
  readonly rewrapped: number;
  /** Secrets that neither master key opens. They stay as they are. */
  readonly unopenable: readonly { readonly id: string; readonly accountId: string }[];
}

/**
 * Wraps every secret's data key with the current master key. Online: a row is written only if it is still the one that was
 * read, values and their owners are not touched, and calls go on with what they have in memory. Every row is its own write,
 * so an interrupted run is simply run again.
 */
@Injectable()
export class MasterKeyRotation {
  private readonly logger = new Logger(MasterKeyRotation.name);

  constructor(
    private readonly secrets: StoredSecretRepository,
    private readonly headers: SealedHeadersRepository,
    private readonly vault: KeyVault,
    private readonly feed: ChangeFeed,
  ) {}

  async rotate(): Promise<RotationReport> {
    const { kekId } = this.vault;
    let rewrapped = 0;
    const unopenable: { id: string; accountId: string }[] = [];
    for (const table of [this.secrets, this.headers]) rewrapped += await this.rewrapAll(table, unopenable);
    await this.feed.refresh();
    this.logger.log(
      `Wrapped ${rewrapped} data keys with the master key ${kekId}; ${unopenable.length} cannot be opened`,
    );
    return { kekId, rewrapped, unopenable };
  }

  /** Returns how many rows it wrote. */
  private async rewrapAll(table: SealedRows, unopenable: { id: string; accountId: string }[]): Promise<number> {
    let rewrapped = 0;
    let after = '';
    for (;;) {
      const rows = await table.notWrappedBy(this.vault.kekId, after, BATCH);
      for (const { id, accountId, sealed } of rows) {
        try {
          if (await table.rewrap(id, sealed, this.vault.rewrap(sealed))) rewrapped++;
        } catch (error) {
          if (!(error instanceof VaultError)) throw error;
          unopenable.push({ id, accountId });
        }
      }
      const last = rows.at(-1);
      if (last === undefined) return rewrapped;
      after = last.id;
    }
  }
}
