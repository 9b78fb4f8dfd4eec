import { Injectable, Logger } from '@nestjs/common';
import { KeyVault, VaultError } from '../keys/key-vault.js';
import { ChangeFeed, type SnapshotLoader } from '../persistence/change-feed.service.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { CustomProviderRepository, type SealedCustomProvider } from './custom-provider.repository.js';
import { CustomProviderStrategy } from './custom-provider.strategy.js';
import { headersOwner } from './custom-provider.js';
import { fromSealable } from './provider-headers.js';

/** Makes strategies of the custom providers that are served, and puts them into the registry: there calls find them. */
@Injectable()
export class CustomProviderDirectory implements SnapshotLoader {
  readonly name = 'custom providers';
  private readonly logger = new Logger(CustomProviderDirectory.name);
  /** Providers whose headers cannot be opened here. */
  private closed: ReadonlySet<string> = new Set();

  constructor(
    private readonly repository: CustomProviderRepository,
    private readonly vault: KeyVault,
    private readonly registry: ProviderRegistry,
    feed: ChangeFeed,
  ) {
    feed.register(this);
  }

  async load(): Promise<() => void> {
    const strategies: [string, CustomProviderStrategy][] = [];
    const closed = new Set<string>();
    for await (const row of this.repository.allServed()) {
      const strategy = this.toStrategy(row);
      if (strategy === null) closed.add(row.provider.id);
      else strategies.push([row.provider.accountId, strategy]);
    }
    const accounts = new Map<string, Map<string, CustomProviderStrategy>>();
    for (const [accountId, strategy] of strategies.toSorted(([, a], [, b]) => (a.id < b.id ? -1 : 1))) {
      const own = accounts.get(accountId) ?? new Map<string, CustomProviderStrategy>();
      accounts.set(accountId, own.set(strategy.id, strategy));
    }
    return () => {
      this.report(closed);
      this.registry.serve(accounts);
    };
  }

  /** Null where its headers do not open: without them it is another provider. */
  private toStrategy({ provider, headers }: SealedCustomProvider): CustomProviderStrategy | null {
    try {
      const opened = headers === null ? {} : fromSealable(this.vault.open(headers, headersOwner(provider)));
      return new CustomProviderStrategy(provider, opened);
    } catch (error) {
      if (error instanceof VaultError) return null;
      throw error;
    }
  }

  /** Once for each, not with every reload. */
  private report(closed: ReadonlySet<string>): void {
    const news = [...closed].filter((id) => !this.closed.has(id));
    if (news.length > 0)
      this.logger.error(`Custom providers are not served, since their headers cannot be opened: ${news.join(', ')}`);
    this.closed = closed;
  }
}
