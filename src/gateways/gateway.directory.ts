import { Injectable } from '@nestjs/common';

import { ChangeFeed, type SnapshotLoader } from '../persistence/change-feed.service.js';
import { GatewayRepository } from './gateway.repository.js';
import type { GatewaySettings } from './gateway-settings.js';

/** An account, as far as the request path and the control plane care. */
export interface AccountEntry {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly gateways: ReadonlyMap<string, GatewaySettings>;
}

/** Accounts and their gateways in memory: an immutable snapshot, swapped whole by the change feed. */
@Injectable()
export class GatewayDirectory implements SnapshotLoader {
  readonly name = 'gateways';
  private accounts: ReadonlyMap<string, AccountEntry> = new Map();

  constructor(
    private readonly repository: GatewayRepository,
    feed: ChangeFeed,
  ) {
    feed.register(this);
  }

  find(accountId: string, gatewayId: string): GatewaySettings | null {
    return this.accounts.get(accountId)?.gateways.get(gatewayId) ?? null;
  }

  hasAccount(accountId: string): boolean {
    return this.accounts.has(accountId);
  }

  findAccount(accountId: string): AccountEntry | null {
    return this.accounts.get(accountId) ?? null;
  }

  async load(): Promise<() => void> {
    const gateways = new Map<string, Map<string, GatewaySettings>>();
    const next = new Map<string, AccountEntry>();
    for await (const account of this.repository.allAccounts()) {
      const own = new Map<string, GatewaySettings>();
      gateways.set(account.id, own);
      next.set(account.id, { ...account, gateways: own });
    }
    for await (const gateway of this.repository.all()) gateways.get(gateway.accountId)?.set(gateway.id, gateway);
    return () => {
      this.accounts = next;
    };
  }
}
