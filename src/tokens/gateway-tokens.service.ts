import { Injectable } from '@nestjs/common';

import { type Caller, PERMISSIONS } from '../common/caller.js';
import { Clock } from '../common/clock.js';
import { forbidden, inputError, notFound } from '../common/errors/platform-error.js';
import { hexId } from '../common/ids.js';
import type { Page, PageRequest } from '../common/page.js';
import type { Secret } from '../common/secret.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import type { GatewayToken, GatewayTokenDraft, TokenStatus } from './gateway-token.js';
import { GatewayTokenRepository } from './gateway-token.repository.js';
import { PERMISSION_GROUPS } from './permission-groups.js';
import { foreignResources, notHeld, toGrants, type TokenPolicyInput, withIds } from './token-policy.js';
import { newTokenValue, tokenHash, tokenPreview } from './token-value.js';

/** A token as an admin asks for it. */
export interface TokenInput {
  readonly name: string;
  readonly policies: readonly TokenPolicyInput[];
  readonly notBefore: Date | null;
  readonly expiresOn: Date | null;
}

/** A new value: shown once, kept nowhere. */
export interface IssuedToken {
  readonly token: GatewayToken;
  readonly value: Secret;
}

/**
 * Gateway tokens for admins. Throughout, nobody gets more out than they hold: what is granted, and a value that is rolled,
 * is within the grants of the caller and ends no later than the caller's own token.
 */
@Injectable()
export class GatewayTokensService {
  constructor(
    private readonly repository: GatewayTokenRepository,
    private readonly feed: ChangeFeed,
    private readonly clock: Clock,
  ) {}

  list(accountId: string, page: PageRequest, direction: 'asc' | 'desc'): Promise<Page<GatewayToken>> {
    return this.repository.list(accountId, page, direction);
  }

  /** Throws 404/7002. */
  async get(accountId: string, id: string): Promise<GatewayToken> {
    const token = await this.repository.findById(accountId, id);
    if (token === null) throw notFound();
    return token;
  }

  /** Throws 400/7001 for policies about other accounts, 403 for more than the caller holds. */
  async create(caller: Caller, input: TokenInput): Promise<IssuedToken> {
    await this.assertMayGrant(caller, input.policies, input.expiresOn);
    const value = newTokenValue();
    const draft = toDraft(input, 'active');
    const token = await this.repository.insert(caller.accountId, hexId(), draft, {
      hash: tokenHash(value),
      preview: tokenPreview(value),
    });
    await this.feed.refresh();
    return { token, value };
  }

  /** A full replacement; `status` stays when it is not said. */
  async replace(caller: Caller, id: string, input: TokenInput, status: TokenStatus | null): Promise<GatewayToken> {
    const before = await this.get(caller.accountId, id);
    await this.assertMayGrant(caller, input.policies, input.expiresOn);
    const draft = toDraft(input, status ?? before.status);
    const token = await this.repository.update(caller.accountId, id, draft, new Date(this.clock.now()));
    if (token === null) throw notFound();
    await this.feed.refresh();
    return token;
  }

  async delete(caller: Caller, id: string): Promise<void> {
    if (!(await this.repository.delete(caller.accountId, id))) throw notFound();
    await this.feed.refresh();
  }

  /** A new value for a token whose grants the caller holds too; the old value stops working at once. */
  async roll(caller: Caller, id: string): Promise<Secret> {
    const token = await this.get(caller.accountId, id);
    await this.assertMayGrant(caller, token.policies, token.expiresOn);
    const value = newTokenValue();
    const fields = { hash: tokenHash(value), preview: tokenPreview(value) };
    if (!(await this.repository.replaceValue(caller.accountId, id, fields, new Date(this.clock.now()))))
      throw notFound();
    await this.feed.refresh();
    return value;
  }

  /** The ids of the permission groups that the caller can pass on, for some gateway at least. Write satisfies read. */
  selectableGroups({ grants }: Caller): ReadonlySet<string> {
    const held = PERMISSION_GROUPS.filter(({ permission }) =>
      PERMISSIONS.some(
        (own) => grants.has(own) && (own === permission || own.replace('.write', '.read') === permission),
      ),
    );
    return new Set(held.map(({ id }) => id));
  }

  private async assertMayGrant(
    caller: Caller,
    policies: readonly TokenPolicyInput[],
    expiresOn: Date | null,
  ): Promise<void> {
    const foreign = foreignResources(policies, caller.accountId);
    if (foreign.length > 0) {
      const reason = `must be about com.cloudflare.api.account.${caller.accountId}, not ${foreign.join(', ')}`;
      throw inputError({ path: ['body', 'policies'], reason });
    }
    const missing = notHeld(toGrants(policies, caller.accountId), caller);
    if (missing.length > 0) {
      const names = PERMISSION_GROUPS.filter(({ permission }) => missing.includes(permission)).map(({ name }) => name);
      throw forbidden(`A token cannot grant what it does not hold itself: ${names.join(', ')}.`);
    }
    const own = await this.repository.findById(caller.accountId, caller.tokenId);
    const limit = own?.expiresOn ?? null;
    if (limit !== null && (expiresOn === null || expiresOn > limit)) {
      throw forbidden(
        `A token cannot outlive the one that makes it: expires_on may be ${limit.toISOString()} at the latest.`,
      );
    }
  }
}

function toDraft({ policies, notBefore, expiresOn, name }: TokenInput, status: TokenStatus): GatewayTokenDraft {
  if (notBefore !== null && expiresOn !== null && expiresOn <= notBefore) {
    throw inputError({ path: ['body', 'expires_on'], reason: 'must be after not_before' });
  }
  return { name, policies: withIds(policies), status, notBefore, expiresOn };
}
