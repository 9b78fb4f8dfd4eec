import { Injectable } from '@nestjs/common';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { ChangeFeed, type SnapshotLoader } from '../persistence/change-feed.service.js';
import { overridePrice } from './override-price.js';
import type { Price } from './price.js';
import type { PriceOverride } from './price-override.js';
import type { ModelRule } from './price-override.schema.js';
import { PriceOverrideRepository } from './price-override.repository.js';

/** Callers choose the names of models, so what is remembered of them has an end. */
const MAX_REMEMBERED = 5_000;

/** Admins' own prices in memory: an immutable snapshot, swapped whole by the change feed. */
@Injectable()
export class PriceOverrideDirectory implements SnapshotLoader {
  readonly name = 'price overrides';
  private accounts: ReadonlyMap<string, AccountPrices> = new Map();

  constructor(
    private readonly repository: PriceOverrideRepository,
    feed: ChangeFeed,
  ) {
    feed.register(this);
  }

  find({ accountId, internalId }: GatewaySettings, provider: string, model: string): Price | null {
    return this.accounts.get(accountId)?.find(internalId, provider, model) ?? null;
  }

  async load(): Promise<() => void> {
    const rules = new Map<string, Rule[]>();
    for await (const override of this.repository.allEnabled()) {
      const own = rules.get(override.accountId) ?? [];
      rules.set(override.accountId, own);
      own.push({ override, price: overridePrice(override) });
    }
    const next = new Map([...rules].map(([accountId, own]) => [accountId, new AccountPrices(own)]));
    return () => {
      this.accounts = next;
    };
  }
}

interface Rule {
  readonly override: PriceOverride;
  readonly price: Price;
}

/** One account's prices, the strongest first. What was found for a model is remembered for as long as the snapshot stands. */
class AccountPrices {
  private readonly rules: readonly Rule[];
  private readonly remembered = new Map<string, Price | null>();

  constructor(rules: readonly Rule[]) {
    this.rules = rules.toSorted((a, b) => strengthOf(b.override) - strengthOf(a.override));
  }

  find(gatewayInternalId: string, provider: string, model: string): Price | null {
    const key = `${gatewayInternalId} ${provider}/${model}`;
    const known = this.remembered.get(key);
    if (known !== undefined) return known;
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    const found = this.rules.find(({ override }) => isFor(override, gatewayInternalId, provider, model));
    const price = found?.price ?? null;
    this.remembered.set(key, price);
    return price;
  }
}

/** How a rule holds its model's name against the one that is asked for; the closest has the greatest strength. */
const RULES: Readonly<Record<ModelRule, { readonly strength: number; fits(model: string, own: string): boolean }>> = {
  equals: { strength: 2, fits: (model, own) => model === own },
  'starts-with': { strength: 1, fits: (model, own) => model.startsWith(own) },
  contains: { strength: 0, fits: (model, own) => model.includes(own) },
};

/** A gateway's own goes before the account's, a closer rule before a wider one, a longer name before a shorter. */
const strengthOf = ({ gatewayInternalId, modelRule, model }: PriceOverride): number =>
  (gatewayInternalId === null ? 0 : 100_000) + RULES[modelRule].strength * 10_000 + model.length;

const isFor = (override: PriceOverride, gatewayInternalId: string, provider: string, model: string): boolean =>
  override.provider === provider &&
  (override.gatewayInternalId === null || override.gatewayInternalId === gatewayInternalId) &&
  RULES[override.modelRule].fits(model, override.model);
