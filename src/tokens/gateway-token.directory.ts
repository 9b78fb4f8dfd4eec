import { Injectable } from '@nestjs/common';

import type { Caller } from '../common/caller.js';
import { ChangeFeed, type SnapshotLoader } from '../persistence/change-feed.service.js';
import type { TokenStatus } from './gateway-token.js';
import { GatewayTokenRepository } from './gateway-token.repository.js';
import { toGrants } from './token-policy.js';
import { tokenDigest } from './token-value.js';

/** A token as the request path sees it. Times are milliseconds since 1970. */
export interface TokenEntry {
  readonly caller: Caller;
  readonly status: TokenStatus;
  readonly notBefore: number | null;
  readonly expiresAt: number | null;
}

export type Standing = 'active' | 'disabled' | 'expired' | 'not_yet';

/** May this token be used at this time? */
export function standing({ status, notBefore, expiresAt }: TokenEntry, nowMs: number): Standing {
  if (status === 'disabled') return 'disabled';
  if (expiresAt !== null && nowMs >= expiresAt) return 'expired';
  return notBefore !== null && nowMs < notBefore ? 'not_yet' : 'active';
}

/**
 * Every token, by its SHA-256, in memory. Disabled and expired ones stay: they must be known as ours wherever they turn up,
 * or they would be taken for a provider's key and sent on.
 */
@Injectable()
export class GatewayTokenDirectory implements SnapshotLoader {
  readonly name = 'gateway tokens';
  private byDigest: ReadonlyMap<string, TokenEntry> = new Map();

  constructor(
    private readonly repository: GatewayTokenRepository,
    feed: ChangeFeed,
  ) {
    feed.register(this);
  }

  /** Null for what is no token of ours. Looking up a hash, not the token, leaves nothing to time. */
  find(token: string): TokenEntry | null {
    return this.byDigest.get(tokenDigest(token)) ?? null;
  }

  async load(): Promise<() => void> {
    const next = new Map<string, TokenEntry>();
    for await (const { token, digest } of this.repository.all()) {
      next.set(digest, {
        caller: {
          tokenId: token.id,
          tokenName: token.name,
          accountId: token.accountId,
          grants: toGrants(token.policies, token.accountId),
        },
        status: token.status,
        notBefore: token.notBefore?.getTime() ?? null,
        expiresAt: token.expiresOn?.getTime() ?? null,
      });
    }
    return () => {
      this.byDigest = next;
    };
  }
}
