import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';

import { Clock } from '../common/clock.js';
import { inputError, notFound, refused } from '../common/errors/platform-error.js';
import { uuid } from '../common/ids.js';
import type { Page, PageRequest } from '../common/page.js';
import { transportConfig } from '../config/transport.config.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import { DEFAULT_GATEWAY_ID, newDefaultGateway } from './default-gateway.js';
import { GatewayDirectory } from './gateway.directory.js';
import { GatewayRepository } from './gateway.repository.js';
import type { SpendLimitsInput } from './gateway-columns.schema.js';
import type { GatewayOptions, GatewaySettings } from './gateway-settings.js';
import { assertCollectorUrls } from './otel-settings.js';
import { withRuleIds } from './spend-rule-ids.js';

/** A gateway as an admin writes it: spend rules may still lack their ids. */
export type GatewayInput = Omit<GatewayOptions, 'spendLimits'> & { readonly spendLimits: SpendLimitsInput | null };

/**
 * Gateways for admins: read from the database, and seen by calls when a method that writes returns. Deleting one is in
 * keys/, since its secrets go in the same transaction.
 */
@Injectable()
export class GatewaysService {
  private readonly logger = new Logger(GatewaysService.name);
  /** Default gateways that answer already and are on their way into the database. */
  private readonly implied = new Map<string, GatewaySettings>();

  constructor(
    private readonly repository: GatewayRepository,
    private readonly directory: GatewayDirectory,
    private readonly feed: ChangeFeed,
    private readonly clock: Clock,
    @Inject(transportConfig.KEY) private readonly transport: ConfigType<typeof transportConfig>,
  ) {}

  list(accountId: string, page: PageRequest, search: string | null): Promise<Page<GatewaySettings>> {
    return this.repository.list(accountId, page, search);
  }

  /** Throws 404/7002. */
  async get(accountId: string, id: string): Promise<GatewaySettings> {
    const gateway = await this.repository.findById(accountId, id);
    if (gateway === null) throw notFound();
    return gateway;
  }

  /** Throws 400/7001 when there is one of this id, or no such store. */
  async create(accountId: string, id: string, input: GatewayInput): Promise<GatewaySettings> {
    const now = new Date(this.clock.now());
    const identity = {
      internalId: uuid(),
      accountId,
      id,
      isDefault: id === DEFAULT_GATEWAY_ID,
      createdAt: now,
      modifiedAt: now,
    };
    const gateway = await this.repository.insert({ ...(await this.toOptions(accountId, input, null)), ...identity });
    if (gateway === null) throw refused(`A gateway with the id "${id}" already exists`, ['body', 'id']);
    await this.feed.refresh();
    return gateway;
  }

  /** A full replacement. Throws 404/7002, and 400/7001 for a store that is not there. */
  async replace(accountId: string, id: string, input: GatewayInput): Promise<GatewaySettings> {
    const before = await this.get(accountId, id);
    const options = await this.toOptions(accountId, input, before);
    const gateway = await this.repository.replace(accountId, id, options, new Date(this.clock.now()));
    if (gateway === null) throw notFound();
    await this.feed.refresh();
    return gateway;
  }

  /** The account's default gateway, made when there is none. */
  async ensureDefault(accountId: string): Promise<GatewaySettings> {
    const known = await this.repository.findById(accountId, DEFAULT_GATEWAY_ID);
    if (known !== null) return known;
    return this.makeDefault(newDefaultGateway(accountId, new Date(this.clock.now())));
  }

  /**
   * The default gateway of an account that has none, for a call that cannot wait: it answers at once, and is written on the
   * side. While the database is away calls keep their gateway, and each of them tries again.
   */
  impliedDefault(accountId: string): GatewaySettings {
    const known = this.directory.find(accountId, DEFAULT_GATEWAY_ID) ?? this.implied.get(accountId);
    if (known !== undefined) return known;
    const gateway = newDefaultGateway(accountId, new Date(this.clock.now()));
    this.implied.set(accountId, gateway);
    this.makeDefault(gateway)
      .catch((error: unknown) =>
        this.logger.warn(`The default gateway of ${accountId} is not stored yet: ${String(error)}`),
      )
      .finally(() => this.implied.delete(accountId));
    return gateway;
  }

  /** Of two replicas that make it at once, one's stays. */
  private async makeDefault(gateway: GatewaySettings): Promise<GatewaySettings> {
    const made = await this.repository.insert(gateway);
    await this.feed.refresh();
    return made ?? this.get(gateway.accountId, gateway.id);
  }

  private async toOptions(
    accountId: string,
    input: GatewayInput,
    before: GatewaySettings | null,
  ): Promise<GatewayOptions> {
    if (input.storeId !== null && !(await this.repository.hasStore(accountId, input.storeId))) {
      throw inputError({ path: ['body', 'store_id'], reason: 'names no secrets store of this account' });
    }
    assertCollectorUrls(input.otel, this.transport.egressAllowPrivate);
    const spendLimits = input.spendLimits === null ? null : withRuleIds(input.spendLimits, before?.spendLimits ?? null);
    return { ...input, spendLimits };
  }
}
