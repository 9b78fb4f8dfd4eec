import type { ModelRule, Pricing } from './price-override.schema.js';

/** What an admin says of a model's price. */
export interface PriceOverrideFields {
  readonly model: string;
  /** How `model` is held against the name of the model that a call asks for. */
  readonly modelRule: ModelRule;
  readonly pricing: Pricing;
  readonly enable: boolean;
  /** Who wrote it, in the admin's own words. */
  readonly changedBy: string;
  readonly weight: number;
}

/** Which calls it is for. */
export interface PriceOverridePlace {
  /** Null: all gateways of the account. */
  readonly gatewayId: string | null;
  /** Canonical slug. */
  readonly provider: string;
  /** Of a custom provider's costs; they go with it. */
  readonly customProviderId: string | null;
}

export interface PriceOverride extends PriceOverrideFields, PriceOverridePlace {
  readonly id: string;
  readonly accountId: string;
  readonly gatewayInternalId: string | null;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}
