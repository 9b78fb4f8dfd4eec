import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { inputError, notFound } from '../common/errors/platform-error.js';
import { uuid } from '../common/ids.js';
import type { Page, PageRequest } from '../common/page.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import type { PriceOverride, PriceOverrideFields, PriceOverridePlace } from './price-override.js';
import { type FoundPlace, type PriceOverrideQuery, PriceOverrideRepository } from './price-override.repository.js';

/**
 * Prices for admins: an account's own list, and the costs of its custom providers, which are the same in another shape. Read from
 * the database, and seen by calls when a method that writes returns.
 */
@Injectable()
export class PriceOverridesService {
  constructor(
    private readonly repository: PriceOverrideRepository,
    private readonly feed: ChangeFeed,
    private readonly clock: Clock,
  ) {}

  list(accountId: string, page: PageRequest, query: PriceOverrideQuery): Promise<Page<PriceOverride>> {
    return this.repository.list(accountId, page, query);
  }

  /** Throws 404/7002, also for one of the other kind. */
  async get(accountId: string, id: string, kind: PriceOverrideQuery['kind']): Promise<PriceOverride> {
    const found = await this.repository.find(accountId, id);
    if (found === null || found.pricing.kind !== kind) throw notFound();
    return found;
  }

  /** Throws 400/7001 for a gateway or a custom provider that is not there. */
  async create(accountId: string, place: PriceOverridePlace, fields: PriceOverrideFields): Promise<PriceOverride> {
    const found = await this.placeOf(accountId, place);
    const made = await this.repository.insert(uuid(), accountId, found, fields, this.now());
    await this.feed.refresh();
    return made;
  }

  /** A full replacement. Throws as `create` does, and 404/7002. */
  async replace(
    accountId: string,
    id: string,
    place: PriceOverridePlace,
    fields: PriceOverrideFields,
  ): Promise<PriceOverride> {
    await this.get(accountId, id, fields.pricing.kind);
    const found = await this.placeOf(accountId, place);
    const updated = await this.repository.update(accountId, id, found, fields, this.now());
    if (updated === null) throw notFound();
    await this.feed.refresh();
    return updated;
  }

  /** Returns what was deleted. Throws 404/7002. */
  async delete(accountId: string, id: string, kind: PriceOverrideQuery['kind']): Promise<PriceOverride> {
    const found = await this.get(accountId, id, kind);
    if (!(await this.repository.delete(accountId, id))) throw notFound();
    await this.feed.refresh();
    return found;
  }

  private async placeOf(accountId: string, place: PriceOverridePlace): Promise<FoundPlace> {
    const found = await this.repository.findPlace(accountId, place);
    if (found === 'gateway')
      throw inputError({ path: ['body', 'gateway_id'], reason: 'names no gateway of this account' });
    if (found === 'customProvider')
      throw inputError({ path: ['body', 'account_provider_id'], reason: 'names no custom provider of this account' });
    return found;
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}
