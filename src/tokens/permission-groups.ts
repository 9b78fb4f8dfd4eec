import type { Permission } from '../common/caller.js';

/** A permission as policies name it. The id never changes: stored policies and people's scripts hold it. */
export interface PermissionGroup {
  /** 32 hex characters. */
  readonly id: string;
  readonly name: string;
  readonly permission: Permission;
}

export const PERMISSION_GROUPS: readonly PermissionGroup[] = [
  { id: 'cf68722f18011ce979546aa4ecf353c1', name: 'AI Gateway Run', permission: 'ai-gateway.run' },
  { id: '3c9cc1ea4ac0533f26f2cc16675e3f27', name: 'AI Gateway Read', permission: 'ai-gateway.read' },
  { id: '5816fedd954dc48a81a4b0df392909d9', name: 'AI Gateway Write', permission: 'ai-gateway.write' },
  { id: '62732c4a149996d86b306e6c06495a71', name: 'Secrets Store Read', permission: 'secrets-store.read' },
  { id: '673c2865f3c959e8ede0f65a864977e2', name: 'Secrets Store Write', permission: 'secrets-store.write' },
  { id: '16a1da71d1974867e5848aef5cd3cc42', name: 'Account API Tokens Read', permission: 'tokens.read' },
  { id: 'a1d5b93659ef7b044259e28096689fda', name: 'Account API Tokens Write', permission: 'tokens.write' },
];

const BY_ID: ReadonlyMap<string, PermissionGroup> = new Map(PERMISSION_GROUPS.map((group) => [group.id, group]));

export const findPermissionGroup = (id: string): PermissionGroup | null => BY_ID.get(id) ?? null;
