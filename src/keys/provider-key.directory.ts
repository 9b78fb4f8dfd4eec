import { Injectable, Logger } from '@nestjs/common';

import type { Dice } from '../common/dice.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import type { Secret } from '../common/secret.js';
import { ChangeFeed, type SnapshotLoader } from '../persistence/change-feed.service.js';
import { KeyVault, VaultError } from './key-vault.js';
import { ProviderKeyPools } from './provider-key-pools.js';
import { providerKeyOwner, ProviderKeyRepository, type SealedProviderKey } from './provider-key.repository.js';
import type { ProviderKeyRecord, StoredProviderKey } from './provider-key.js';

const DEFAULT_ALIAS = 'default';
/** How many keys that cannot be opened one log line names. */
const REPORTED = 20;

/** An opened value with the sealed bytes it came from: unchanged bytes need no second opening. */
interface Opened {
  readonly ciphertext: Uint8Array;
  readonly secret: Secret;
}

interface Snapshot {
  /** Gateway's internal id ─▶ provider ─▶ its keys. */
  readonly gateways: ReadonlyMap<string, ReadonlyMap<string, ProviderKeyPools>>;
  readonly opened: ReadonlyMap<string, Opened>;
  /** Keys that cannot be opened here, as `gateway/provider/alias`, with the reason. */
  readonly closed: ReadonlyMap<string, string>;
}

/** Stored provider keys, opened, in memory: what a call asks needs no database and no decryption. */
@Injectable()
export class ProviderKeyDirectory implements SnapshotLoader {
  readonly name = 'provider keys';
  private readonly logger = new Logger(ProviderKeyDirectory.name);
  private snapshot: Snapshot = { gateways: new Map(), opened: new Map(), closed: new Map() };

  constructor(
    private readonly repository: ProviderKeyRepository,
    private readonly vault: KeyVault,
    feed: ChangeFeed,
  ) {
    feed.register(this);
  }

  /** What a call may name as its alias: aliases and pools, in order. `provider` is a canonical slug. */
  aliases(gatewayInternalId: string, provider: string): readonly string[] {
    return this.snapshot.gateways.get(gatewayInternalId)?.get(provider)?.names ?? [];
  }

  /**
   * The key a call uses; `alias` null means `default`. Null when the gateway has no key for the provider at all, or none
   * that is the default. Throws `unknown_key_alias` with the aliases there are, and `missing_provider_key` for a key that
   * is stored and cannot be opened, since no other key may stand in for it silently.
   * @param usable Of several keys under one name those that are not are passed over, as long as there is another.
   */
  select(
    gatewayInternalId: string,
    provider: string,
    alias: string | null,
    dice: Dice,
    usable: (keyId: string) => boolean = () => true,
  ): StoredProviderKey | null {
    const { gateways, closed } = this.snapshot;
    const pools = gateways.get(gatewayInternalId)?.get(provider);
    const name = alias ?? DEFAULT_ALIAS;
    const picked = pools?.pick(name, dice, usable) ?? null;
    if (picked !== null) return picked;
    if (closed.size > 0 && closed.has(placeOf(gatewayInternalId, provider, name))) {
      throw new GatewayError(
        'missing_provider_key',
        `The stored key "${name}" for ${provider} cannot be opened with the gateway's master key. Store the key anew, or give the gateway the master key it was stored under.`,
        { provider },
      );
    }
    if (pools === undefined || alias === null) return null;
    throw new GatewayError(
      'unknown_key_alias',
      `There is no stored key for ${provider} with the alias "${alias}". Aliases: ${pools.names.join(', ')}.`,
      { provider },
    );
  }

  async load(): Promise<() => void> {
    const keys = new Map<string, Map<string, StoredProviderKey[]>>();
    const opened = new Map<string, Opened>();
    const closed = new Map<string, string>();
    for await (const row of this.repository.all()) {
      const { key } = row;
      const entry = this.open(row);
      if (entry instanceof VaultError) {
        closed.set(placeOf(key.gatewayInternalId, key.provider, key.alias), `${key.id}: ${entry.message}`);
        continue;
      }
      opened.set(key.id, entry);
      const providers = keys.get(key.gatewayInternalId) ?? new Map<string, StoredProviderKey[]>();
      keys.set(key.gatewayInternalId, providers);
      const { id, provider, alias, settings } = key;
      providers.set(provider, [
        ...(providers.get(provider) ?? []),
        { id, provider, alias, settings, secret: entry.secret, rate: rateOf(key) },
      ]);
    }
    const gateways = new Map(
      [...keys].map(([gateway, providers]) => [
        gateway,
        new Map([...providers].map(([provider, own]) => [provider, new ProviderKeyPools(own)])),
      ]),
    );
    return () => {
      this.report(closed);
      this.snapshot = { gateways, opened, closed };
    };
  }

  private open({ key, sealed }: SealedProviderKey): Opened | VaultError {
    const known = this.snapshot.opened.get(key.id);
    // A ciphertext has a random data key and nonce: the same bytes hold the same value, whatever wraps the data key by now.
    if (known !== undefined && Buffer.compare(known.ciphertext, sealed.ciphertext) === 0) return known;
    try {
      return { ciphertext: sealed.ciphertext, secret: this.vault.open(sealed, providerKeyOwner(key)) };
    } catch (error) {
      if (error instanceof VaultError) return error;
      throw error;
    }
  }

  /** Once for each key, not with every reload. */
  private report(closed: ReadonlyMap<string, string>): void {
    const news = [...closed].filter(([place]) => !this.snapshot.closed.has(place)).map(([, reason]) => reason);
    if (news.length === 0) return;
    const shown = news.slice(0, REPORTED).join('; ');
    this.logger.error(`${news.length} provider keys cannot be opened: ${shown}${news.length > REPORTED ? '; …' : ''}`);
  }
}

const placeOf = (gatewayInternalId: string, provider: string, alias: string): string =>
  `${gatewayInternalId}/${provider}/${alias}`;

/** A limit below one is none: there is no other way to say so in a provider config. */
const rateOf = ({ rateLimit, rateLimitPeriod }: ProviderKeyRecord): StoredProviderKey['rate'] =>
  rateLimit === null || rateLimit < 1 || rateLimitPeriod === null
    ? null
    : { limit: Math.floor(rateLimit), periodS: rateLimitPeriod };
