import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';

import { Clock } from '../common/clock.js';
import { inputError, notFound, refused } from '../common/errors/platform-error.js';
import { hexId } from '../common/ids.js';
import type { Page, PageRequest } from '../common/page.js';
import { canonicalSlug, isProviderSlug, PROVIDER_SLUGS } from '../common/provider-slugs.js';
import { Secret } from '../common/secret.js';
import { transportConfig } from '../config/transport.config.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import { assertEgressAllowed, EgressDenied } from '../common/egress-policy.js';
import { KeyVault, VaultError } from './key-vault.js';
import type { ProviderKeySettings } from './provider-key-settings.schema.js';
import {
  type ProviderKeyDraft,
  providerKeyOwner,
  ProviderKeyRepository,
  type Reseal,
} from './provider-key.repository.js';
import type { ProviderKeyRecord } from './provider-key.js';
import { secretPreview } from './secret-preview.js';
import { SecretsStoreService } from './secrets-store.service.js';
import { PROVIDER_KEY_SCOPE, type SealedStoredSecret } from './stored-secret.js';
import { StoredSecretRepository } from './stored-secret.repository.js';
import { openOrRefuse } from './unopenable-secret.js';
import { retryOnConflict } from './write-conflict.js';

/** The gateway a key belongs to: as much of it as this folder needs. */
export interface KeyGateway {
  readonly internalId: string;
  readonly accountId: string;
  readonly id: string;
  readonly storeId: string | null;
}

/** A provider key as an admin asks for it. */
export interface ProviderKeyInput {
  /** Any slug or alias of a provider. */
  readonly provider: string;
  readonly alias: string;
  readonly defaultConfig: boolean;
  readonly settings: ProviderKeySettings;
  readonly rateLimit: number | null;
  readonly rateLimitPeriod: number | null;
  /** A value to keep, or the id of a secret that is kept already. */
  readonly value:
    { readonly kind: 'secret'; readonly secret: Secret } | { readonly kind: 'secret_id'; readonly secretId: string };
}

/**
 * Provider keys (BYOK) for admins. Each has exactly one stored secret, named `{gateway}_{provider}_{alias}`: made with it
 * and deleted with it, or taken over from the secrets store and given back.
 */
@Injectable()
export class ProviderKeysService {
  private readonly logger = new Logger(ProviderKeysService.name);

  constructor(
    private readonly keys: ProviderKeyRepository,
    private readonly secrets: StoredSecretRepository,
    private readonly stores: SecretsStoreService,
    private readonly vault: KeyVault,
    private readonly feed: ChangeFeed,
    private readonly clock: Clock,
    @Inject(transportConfig.KEY) private readonly transport: ConfigType<typeof transportConfig>,
  ) {}

  list({ internalId }: KeyGateway, page: PageRequest): Promise<Page<ProviderKeyRecord>> {
    return this.keys.list(internalId, page);
  }

  /** Throws 404/7002. */
  async get({ internalId }: KeyGateway, id: string): Promise<ProviderKeyRecord> {
    const key = await this.keys.find(internalId, id);
    if (key === null) throw notFound();
    return key;
  }

  /** Throws 400/7001: unknown provider, alias taken, secret missing, misnamed, without the scope or in use. */
  async create(gateway: KeyGateway, input: ProviderKeyInput): Promise<ProviderKeyRecord> {
    const provider = canonicalSlug(input.provider);
    if (!isProviderSlug(provider)) {
      const reason = `is no provider; there are ${PROVIDER_SLUGS.join(', ')} and custom-{slug}`;
      throw inputError({ path: ['body', 'provider_slug'], reason });
    }
    this.assertBaseUrl(input.settings.base_url);
    const { value } = input;
    const made =
      value.kind === 'secret'
        ? await retryOnConflict(() => this.createWithSecret(gateway, { ...input, provider }, value.secret))
        : await retryOnConflict(() =>
            this.createForSecret(gateway, { ...input, provider }, input.provider, value.secretId),
          );
    await this.feed.refresh();
    return made;
  }

  /** Another value for the same key. Calls that begin after this use it. Throws 404/7002. */
  async rotate(gateway: KeyGateway, id: string, secret: Secret): Promise<ProviderKeyRecord> {
    await retryOnConflict(async () => {
      const { secretId } = await this.get(gateway, id);
      const row = await this.secrets.findInAccount(gateway.accountId, secretId);
      if (row === null) throw notFound();
      const value = { sealed: this.vault.seal(secret, row.owner), preview: secretPreview(secret.reveal()) };
      await this.secrets.update(row, { value }, new Date(this.clock.now()));
    });
    await this.feed.refresh();
    return this.get(gateway, id);
  }

  /** Returns what was deleted. Throws 404/7002. */
  async delete({ internalId }: KeyGateway, id: string): Promise<ProviderKeyRecord> {
    const deleted = await retryOnConflict(() => this.keys.delete(internalId, id, this.reseal));
    if (deleted === null) throw notFound();
    await this.feed.refresh();
    return deleted;
  }

  /** Deletes a gateway, its keys, and the secrets made for them, in one transaction. Throws 404/7002. */
  async deleteGateway({ internalId }: KeyGateway): Promise<void> {
    if (!(await retryOnConflict(() => this.keys.deleteGateway(internalId, this.reseal)))) throw notFound();
    await this.feed.refresh();
  }

  /** A value whose master key is gone must not keep its row from being deleted: it stays sealed as it is. */
  private readonly reseal: Reseal = (sealed, from, to) => {
    try {
      return this.vault.reseal(sealed, from, to);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      this.logger.warn(`A secret that cannot be opened is left as it is: ${error.message}`);
      return sealed;
    }
  };

  private async createWithSecret(
    gateway: KeyGateway,
    input: ProviderKeyInput,
    secret: Secret,
  ): Promise<ProviderKeyRecord> {
    const { accountId } = gateway;
    const storeId = gateway.storeId ?? (await this.stores.ensureDefaultStore(accountId)).id;
    const draft = toDraft(gateway, input, hexId());
    const name = secretName(gateway.id, input.provider, input.alias);
    const made = await this.keys.insertWithSecret(draft, {
      id: draft.secretId,
      accountId,
      storeId,
      name,
      scopes: [PROVIDER_KEY_SCOPE],
      comment: null,
      managed: true,
      preview: secretPreview(secret.reveal()),
      sealed: this.vault.seal(secret, providerKeyOwner(draft)),
    });
    if (made === 'no_gateway') throw notFound();
    if (made === 'alias_exists') throw aliasExists(draft);
    if (made === 'secret_exists') {
      throw refused(`A secret named "${name}" already exists in the gateway's store; name it with secret_id`, [
        'body',
        'secret',
      ]);
    }
    return made;
  }

  private async createForSecret(
    gateway: KeyGateway,
    input: ProviderKeyInput,
    givenSlug: string,
    secretId: string,
  ): Promise<ProviderKeyRecord> {
    const names = new Set([input.provider, givenSlug].map((slug) => secretName(gateway.id, slug, input.alias)));
    const secret = await this.secrets.findInAccount(gateway.accountId, secretId);
    const problem = secret === null ? 'there is none in this account' : unfitness(secret, names, gateway.storeId);
    if (secret === null || problem !== null) {
      throw refused(`The secret "${secretId}" was not found: ${problem ?? ''}`, ['body', 'secret_id']);
    }
    const draft = toDraft(gateway, input, secretId);
    if (secret.owner.kind === 'provider-key') throw inUse(secretId);
    const sealed = openOrRefuse(
      () => this.vault.reseal(secret.sealed, secret.owner, providerKeyOwner(draft)),
      secretId,
    );
    const made = await this.keys.insertForSecret(draft, secret, sealed);
    if (made === 'no_gateway') throw notFound();
    if (made === 'alias_exists') throw aliasExists(draft);
    if (made === 'secret_in_use') throw inUse(secretId);
    return made;
  }

  private assertBaseUrl(url: string | undefined): void {
    if (url === undefined) return;
    try {
      assertEgressAllowed(url, { allowPrivate: this.transport.egressAllowPrivate });
    } catch (error) {
      if (!(error instanceof EgressDenied)) throw error;
      throw inputError({ path: ['body', 'settings', 'base_url'], reason: error.message });
    }
  }
}

/** By this name a secret is known as some gateway's key at some provider. */
const secretName = (gatewayId: string, provider: string, alias: string): string => `${gatewayId}_${provider}_${alias}`;

/** Why a secret cannot serve as this key; null: it can. */
function unfitness(secret: SealedStoredSecret, names: ReadonlySet<string>, storeId: string | null): string | null {
  if (!names.has(secret.name)) return `it is named "${secret.name}", and has to be "${[...names].join('" or "')}"`;
  if (!secret.scopes.includes(PROVIDER_KEY_SCOPE)) return `it lacks the scope "${PROVIDER_KEY_SCOPE}"`;
  if (storeId !== null && secret.storeId !== storeId) return "it is not in the gateway's store";
  return null;
}

function toDraft(gateway: KeyGateway, input: ProviderKeyInput, secretId: string): ProviderKeyDraft {
  const { provider, alias, defaultConfig, settings, rateLimit, rateLimitPeriod } = input;
  return {
    id: hexId(),
    accountId: gateway.accountId,
    gatewayInternalId: gateway.internalId,
    provider,
    alias,
    defaultConfig,
    settings,
    secretId,
    rateLimit,
    rateLimitPeriod,
  };
}

const aliasExists = ({ provider, alias }: ProviderKeyDraft) =>
  refused(`A provider config for ${provider} with the alias "${alias}" already exists`, ['body', 'alias']);

const inUse = (secretId: string) =>
  refused(`A provider config for the secret "${secretId}" already exists`, ['body', 'secret_id']);
