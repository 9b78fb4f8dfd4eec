import { Injectable } from '@nestjs/common';

import { Clock } from '../common/clock.js';
import { PlatformError, refused, SECRETS_STORE_CODES } from '../common/errors/platform-error.js';
import { hexId } from '../common/ids.js';
import type { Page, PageRequest } from '../common/page.js';
import { Secret } from '../common/secret.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import { KeyVault } from './key-vault.js';
import type { SecretOwner } from './sealed-secret.js';
import { secretPreview } from './secret-preview.js';
import { openOrRefuse } from './unopenable-secret.js';
import { SecretsStoreRepository, type StoreQuery } from './secrets-store.repository.js';
import { type SecretDraft, type SecretQuery, StoredSecretRepository } from './stored-secret.repository.js';
import { DEFAULT_STORE, type SealedStoredSecret, type SecretsStore, type StoredSecret } from './stored-secret.js';
import { retryOnConflict } from './write-conflict.js';

const MAX_STORES = 100;
/** Secrets an account may hold: they live in every replica's memory while a provider key uses them. */
const SECRETS_QUOTA = 10_000;

/** A secret as an admin asks for it. */
export interface SecretInput {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly comment: string | null;
}

/** Secrets and their stores for admins. A value goes in and never comes out. Errors carry the codes of this API's own table. */
@Injectable()
export class SecretsStoreService {
  constructor(
    private readonly stores: SecretsStoreRepository,
    private readonly secrets: StoredSecretRepository,
    private readonly vault: KeyVault,
    private readonly feed: ChangeFeed,
    private readonly clock: Clock,
  ) {}

  listStores(accountId: string, page: PageRequest, query: StoreQuery): Promise<Page<SecretsStore>> {
    return this.stores.list(accountId, page, query);
  }

  /** Throws 404/1000. */
  async getStore(accountId: string, id: string): Promise<SecretsStore> {
    const store = await this.stores.find(accountId, id);
    if (store === null) throw storeNotFound();
    return store;
  }

  /** Throws 400/1003 for a name that is taken, and for one store too many. */
  async createStore(accountId: string, name: string): Promise<SecretsStore> {
    if ((await this.stores.count(accountId)) >= MAX_STORES) throw limit('maximum_stores_exceeded');
    const store = await this.stores.insert(accountId, hexId(), name);
    if (store === null) throw limit('store_name_already_exists');
    await this.feed.refresh();
    return store;
  }

  /** The store of keys whose gateway names none; made when it is missing. */
  async ensureDefaultStore(accountId: string): Promise<SecretsStore> {
    const store =
      (await this.stores.findByName(accountId, DEFAULT_STORE)) ??
      (await this.stores.insert(accountId, hexId(), DEFAULT_STORE)) ??
      (await this.stores.findByName(accountId, DEFAULT_STORE));
    if (store === null) throw new Error('The default secrets store is gone as soon as it is made.');
    return store;
  }

  /** Throws 404/1000, and 400/1003 for a store with secrets unless forced. */
  async deleteStore(accountId: string, id: string, force: boolean): Promise<void> {
    await this.getStore(accountId, id);
    const outcome = await retryOnConflict(() => this.stores.delete(accountId, id, force));
    if (outcome === 'not_found') throw storeNotFound();
    if (outcome === 'not_empty') throw limit('store_not_empty');
    await this.feed.refresh();
  }

  async list(accountId: string, storeId: string, page: PageRequest, query: SecretQuery): Promise<Page<StoredSecret>> {
    await this.getStore(accountId, storeId);
    return this.secrets.list(accountId, storeId, page, query);
  }

  /** Throws 404. */
  async get(accountId: string, storeId: string, id: string): Promise<SealedStoredSecret> {
    await this.getStore(accountId, storeId);
    const secret = await this.secrets.find(accountId, storeId, id);
    if (secret === null)
      throw new PlatformError(404, [{ code: SECRETS_STORE_CODES.secret, message: 'secret_not_found' }]);
    return secret;
  }

  /** All or none. Throws 404/1000, and 400/1003 for a name that is taken. */
  async create(
    accountId: string,
    storeId: string,
    inputs: readonly (SecretInput & { readonly value: Secret })[],
  ): Promise<StoredSecret[]> {
    await this.getStore(accountId, storeId);
    return this.insert(
      accountId,
      inputs.map(({ value, ...input }) => this.toDraft({ accountId, storeId }, input, value)),
    );
  }

  /** A new value is sealed for whoever uses the secret. Throws 404. */
  async edit(
    accountId: string,
    storeId: string,
    id: string,
    change: { readonly value?: Secret; readonly scopes?: readonly string[]; readonly comment?: string | null },
  ): Promise<StoredSecret> {
    const { value, ...rest } = change;
    const edited = await retryOnConflict(async () => {
      const secret = await this.get(accountId, storeId, id);
      const sealed =
        value === undefined
          ? {}
          : { value: { sealed: this.vault.seal(value, secret.owner), preview: secretPreview(value.reveal()) } };
      return this.secrets.update(secret, { ...rest, ...sealed }, new Date(this.clock.now()));
    });
    await this.feed.refresh();
    return edited;
  }

  /** The same value under another name. Throws 404, and 400/1003 for a name that is taken. */
  async duplicate(accountId: string, storeId: string, id: string, input: SecretInput): Promise<StoredSecret> {
    const secret = await this.get(accountId, storeId, id);
    const value = openOrRefuse(() => this.vault.open(secret.sealed, secret.owner), id);
    const [copy] = await this.insert(accountId, [this.toDraft({ accountId, storeId }, input, value)]);
    if (copy === undefined) throw new Error('One secret in, none out.');
    return copy;
  }

  /** All or none. Throws 404 for one that is not there, 400/7001 for one that a provider config uses. */
  async delete(accountId: string, storeId: string, ids: readonly string[]): Promise<void> {
    const secrets = await Promise.all(ids.map((id) => this.get(accountId, storeId, id)));
    const used = secrets.find(({ owner }) => owner.kind === 'provider-key');
    const isDeleted = used === undefined && (await this.secrets.deleteAll(accountId, storeId, ids));
    if (!isDeleted) {
      const name = used === undefined ? 'of these' : `"${used.name}"`;
      throw refused(`The secret ${name} is in use by a provider config: delete that first`, ['params', 'secret_id']);
    }
    await this.feed.refresh();
  }

  async quota(accountId: string): Promise<{ readonly quota: number; readonly usage: number }> {
    return { quota: SECRETS_QUOTA, usage: await this.secrets.count(accountId) };
  }

  private async insert(accountId: string, drafts: readonly SecretDraft[]): Promise<StoredSecret[]> {
    const { quota, usage } = await this.quota(accountId);
    if (usage + drafts.length > quota) throw limit('maximum_secrets_exceeded');
    const secrets = await retryOnConflict(() => this.secrets.insertAll(drafts));
    if (secrets === 'no_store') throw storeNotFound();
    if (secrets === null) throw limit('secret_name_already_exists');
    await this.feed.refresh();
    return secrets;
  }

  private toDraft(place: { accountId: string; storeId: string }, input: SecretInput, value: Secret): SecretDraft {
    const id = hexId();
    const owner: SecretOwner = { kind: 'stored-secret', ...place, secretId: id };
    return {
      ...place,
      ...input,
      id,
      managed: false,
      preview: secretPreview(value.reveal()),
      sealed: this.vault.seal(value, owner),
    };
  }
}

const storeNotFound = (): PlatformError =>
  new PlatformError(404, [{ code: SECRETS_STORE_CODES.store, message: 'store_not_found' }]);

const limit = (message: string): PlatformError =>
  new PlatformError(400, [{ code: SECRETS_STORE_CODES.limit, message }]);
