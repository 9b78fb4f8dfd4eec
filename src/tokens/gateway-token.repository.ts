import { Injectable } from '@nestjs/common';

import { offsetOf, type Page, type PageRequest } from '../common/page.js';
import { PrismaService } from '../persistence/prisma.service.js';
import type { GatewayToken, GatewayTokenDraft } from './gateway-token.js';
import { storedPolicies } from './token-policy.js';

const BATCH = 1_000;

const SHOWN = {
  id: true,
  accountId: true,
  name: true,
  status: true,
  policies: true,
  notBefore: true,
  expiresOn: true,
  issuedOn: true,
  modifiedOn: true,
} as const;

interface Row extends Omit<GatewayToken, 'policies' | 'status'> {
  readonly status: string;
  readonly policies: unknown;
}

/** A token with the SHA-256 it is found by, in base64. */
export interface HashedToken {
  readonly token: GatewayToken;
  readonly digest: string;
}

/** Tokens in the database. Everything asked by an admin is asked within an account. */
@Injectable()
export class GatewayTokenRepository {
  constructor(private readonly prisma: PrismaService) {}

  async findById(accountId: string, id: string): Promise<GatewayToken | null> {
    const row = await this.prisma.gatewayToken.findFirst({ where: { accountId, id }, select: SHOWN });
    return row === null ? null : toToken(row);
  }

  /** Oldest first, or newest first. */
  async list(accountId: string, page: PageRequest, direction: 'asc' | 'desc'): Promise<Page<GatewayToken>> {
    const where = { accountId };
    const [rows, total] = await this.prisma.$transaction([
      this.prisma.gatewayToken.findMany({
        where,
        select: SHOWN,
        orderBy: [{ issuedOn: direction }, { id: direction }],
        ...offsetOf(page),
      }),
      this.prisma.gatewayToken.count({ where }),
    ]);
    return { items: rows.map(toToken), total };
  }

  async insert(
    accountId: string,
    id: string,
    draft: GatewayTokenDraft,
    value: { readonly hash: Uint8Array<ArrayBuffer>; readonly preview: string },
  ): Promise<GatewayToken> {
    const row = await this.prisma.gatewayToken.create({
      data: { accountId, id, ...draft, policies: [...draft.policies], ...value },
      select: SHOWN,
    });
    return toToken(row);
  }

  /** Null when there is no such token. */
  async update(accountId: string, id: string, draft: GatewayTokenDraft, now: Date): Promise<GatewayToken | null> {
    const rows = await this.prisma.gatewayToken.updateManyAndReturn({
      where: { accountId, id },
      data: { ...draft, policies: [...draft.policies], modifiedOn: now },
      select: SHOWN,
    });
    return rows[0] === undefined ? null : toToken(rows[0]);
  }

  /** The old value stops working with the change feed's next round. */
  async replaceValue(
    accountId: string,
    id: string,
    value: { readonly hash: Uint8Array<ArrayBuffer>; readonly preview: string },
    now: Date,
  ): Promise<boolean> {
    const { count } = await this.prisma.gatewayToken.updateMany({
      where: { accountId, id },
      data: { ...value, modifiedOn: now },
    });
    return count > 0;
  }

  async delete(accountId: string, id: string): Promise<boolean> {
    const { count } = await this.prisma.gatewayToken.deleteMany({ where: { accountId, id } });
    return count > 0;
  }

  /** Every token there is, in batches: the directory's load. */
  async *all(): AsyncGenerator<HashedToken> {
    let after = '';
    for (;;) {
      const rows = await this.prisma.gatewayToken.findMany({
        where: { id: { gt: after } },
        orderBy: { id: 'asc' },
        take: BATCH,
        select: { ...SHOWN, hash: true },
      });
      for (const { hash, ...row } of rows) yield { token: toToken(row), digest: Buffer.from(hash).toString('base64') };
      const last = rows.at(-1);
      if (last === undefined || rows.length < BATCH) return;
      after = last.id;
    }
  }
}

/** A status or policies that nobody here wrote allow nothing. */
function toToken({ status, policies, ...row }: Row): GatewayToken {
  const parsed = storedPolicies.safeParse(policies);
  return { ...row, status: status === 'active' ? 'active' : 'disabled', policies: parsed.success ? parsed.data : [] };
}
