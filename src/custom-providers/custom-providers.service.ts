import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { type Caller, isAllowed } from '../common/caller.js';
import { Clock } from '../common/clock.js';
import { assertEgressAllowed, EgressDenied } from '../common/egress-policy.js';
import { forbidden, inputError, notFound, refused } from '../common/errors/platform-error.js';
import { uuid } from '../common/ids.js';
import type { Page, PageRequest } from '../common/page.js';
import { transportConfig } from '../config/transport.config.js';
import { KeyVault } from '../keys/key-vault.js';
import { secretPreview } from '../keys/secret-preview.js';
import { openOrRefuse } from '../keys/unopenable-secret.js';
import { retryOnConflict, WriteConflict } from '../keys/write-conflict.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import { type CustomProvider, type CustomProviderFields, headersOwner } from './custom-provider.js';
import {
  CustomProviderRepository,
  type CustomProviderQuery,
  type SealedCustomProvider,
  type WrittenHeaders,
} from './custom-provider.repository.js';
import { fromSealable, isPreview, type ProviderHeaders, toSealable } from './provider-headers.js';

/** What an admin writes; headers that are absent stay as they are. */
export type CustomProviderInput<Fields> = Fields & { readonly headers?: ProviderHeaders };

/**
 * Custom providers for admins: read from the database, and seen by calls when a method that writes returns. Headers are write-only:
 * answers hold previews, and a preview that is sent back stands for what is kept.
 */
@Injectable()
export class CustomProvidersService {
  constructor(
    private readonly repository: CustomProviderRepository,
    private readonly vault: KeyVault,
    private readonly feed: ChangeFeed,
    private readonly clock: Clock,
    @Inject(transportConfig.KEY) private readonly transport: ConfigType<typeof transportConfig>,
  ) {}

  list({ accountId }: Caller, page: PageRequest, query: CustomProviderQuery): Promise<Page<CustomProvider>> {
    return this.repository.list(accountId, page, query);
  }

  /** Throws 404/7002. */
  async get({ accountId }: Caller, id: string): Promise<CustomProvider> {
    return (await this.find(accountId, id)).provider;
  }

  /** Throws 400/7001 for a slug that is taken and a base URL that may not be reached, 403 where secrets would go elsewhere. */
  async create(
    caller: Caller,
    slug: string,
    { headers = {}, ...fields }: CustomProviderInput<CustomProviderFields>,
  ): Promise<CustomProvider> {
    const { accountId } = caller;
    this.assertBaseUrl(fields.baseUrl);
    if (await this.repository.hasKeys(accountId, slug)) this.assertMayMoveSecrets(caller);
    const identity = { id: uuid(), accountId, slug };
    const written = this.write(identity, this.withKept(headers, null));
    const made = await this.repository.insert(identity, fields, written, new Date(this.clock.now()));
    if (made === null) throw refused(`A custom provider with the slug "${slug}" already exists`, ['body', 'slug']);
    await this.feed.refresh();
    return made;
  }

  /** Changes what is given. Throws as `create` does, and 404/7002. */
  async update(
    caller: Caller,
    id: string,
    { headers, ...fields }: CustomProviderInput<Partial<CustomProviderFields>>,
  ): Promise<CustomProvider> {
    if (fields.baseUrl !== undefined) this.assertBaseUrl(fields.baseUrl);
    const updated = await retryOnConflict(async () => {
      const known = await this.find(caller.accountId, id);
      const isMoved = fields.baseUrl !== undefined && !isSameOrigin(fields.baseUrl, known.provider.baseUrl);
      if (isMoved && (await this.hasSecrets(known))) this.assertMayMoveSecrets(caller);
      const written = headers === undefined ? null : this.write(known.provider, this.withKept(headers, known));
      const row = await this.repository.update(known.provider, fields, written, this.after(known.provider));
      if (row === null) throw new WriteConflict();
      return row;
    });
    await this.feed.refresh();
    return updated;
  }

  /** Returns what was deleted. Keys that gateways store for it stay with them. Throws 404/7002. */
  async delete({ accountId }: Caller, id: string): Promise<CustomProvider> {
    const { provider } = await this.find(accountId, id);
    if (!(await this.repository.delete(accountId, id))) throw notFound();
    await this.feed.refresh();
    return provider;
  }

  private async find(accountId: string, id: string): Promise<SealedCustomProvider> {
    const found = await this.repository.find(accountId, id);
    if (found === null) throw notFound();
    return found;
  }

  /** The row's date is its version: it always moves. */
  private after({ modifiedAt }: CustomProvider): Date {
    return new Date(Math.max(this.clock.now(), modifiedAt.getTime() + 1));
  }

  private async hasSecrets({ provider, headers }: SealedCustomProvider): Promise<boolean> {
    return headers !== null || this.repository.hasKeys(provider.accountId, provider.slug);
  }

  /** Who names the origin gets the keys that are stored for it: that takes the permission to write secrets, too. */
  private assertMayMoveSecrets(caller: Caller): void {
    if (isAllowed(caller, 'secrets-store.write')) return;
    throw forbidden(
      'Keys or headers are kept for this provider: only a token with "Secrets Store Write" may say where they go.',
    );
  }

  private assertBaseUrl(url: string): void {
    const { egressAllowPrivate: allowPrivate } = this.transport;
    try {
      assertEgressAllowed(url, { allowPrivate });
      if (!allowPrivate && new URL(url).protocol !== 'https:')
        throw new EgressDenied(
          'must be an https URL, or keys would travel in the clear (EGRESS_ALLOW_PRIVATE lifts this)',
        );
    } catch (error) {
      if (!(error instanceof EgressDenied)) throw error;
      throw inputError({ path: ['body', 'base_url'], reason: error.message });
    }
  }

  /** The headers as they are sent: what came as a preview is what is kept. Throws 400/7001 for the preview of anything else. */
  private withKept(given: ProviderHeaders, known: SealedCustomProvider | null): ProviderHeaders {
    const previews = Object.entries(given).filter(([, value]) => isPreview(value));
    if (previews.length === 0) return given;
    const issues = previews
      .filter(([name, value]) => known?.provider.headersPreview[name] !== value)
      .map(([name]) => ({ path: ['body', 'headers', name], reason: 'is a preview, and not of what is kept' }));
    if (known === null || known.headers === null || issues.length > 0) throw inputError(...issues);
    const { provider, headers } = known;
    const kept = openOrRefuse(() => fromSealable(this.vault.open(headers, headersOwner(provider))), provider.id);
    return { ...given, ...Object.fromEntries(previews.map(([name]) => [name, kept[name] ?? ''])) };
  }

  private write(provider: Pick<CustomProvider, 'id' | 'accountId'>, headers: ProviderHeaders): WrittenHeaders {
    const entries = Object.entries(headers);
    return {
      sealed: entries.length === 0 ? null : this.vault.seal(toSealable(headers), headersOwner(provider)),
      preview: Object.fromEntries(entries.map(([name, value]) => [name, secretPreview(value)])),
    };
  }
}

const isSameOrigin = (one: string, other: string): boolean => new URL(one).origin === new URL(other).origin;
