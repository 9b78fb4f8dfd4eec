/** What a gateway token may be allowed to do. */
export const PERMISSIONS = [
  'ai-gateway.run',
  'ai-gateway.read',
  'ai-gateway.write',
  'secrets-store.read',
  'secrets-store.write',
  'tokens.read',
  'tokens.write',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** `all` gateways of the account, or the ids of some. */
export type GatewayScope = 'all' | ReadonlySet<string>;

/** Who holds the gateway token that came with a request. */
export interface Caller {
  readonly tokenId: string;
  readonly tokenName: string;
  readonly accountId: string;
  /** A permission that is not a key is not granted. */
  readonly grants: ReadonlyMap<Permission, GatewayScope>;
}

/** May this caller do `permission` on this gateway (or, without one, on the account as a whole)? Write satisfies read. */
export function isAllowed(caller: Caller, permission: Permission, gatewayId?: string): boolean {
  return (
    covers(caller.grants.get(permission), gatewayId) ||
    covers(caller.grants.get(STRONGER[permission] ?? permission), gatewayId)
  );
}

const STRONGER: Readonly<Partial<Record<Permission, Permission>>> = {
  'ai-gateway.read': 'ai-gateway.write',
  'secrets-store.read': 'secrets-store.write',
  'tokens.read': 'tokens.write',
};

const covers = (scope: GatewayScope | undefined, gatewayId: string | undefined): boolean =>
  scope === 'all' || (scope !== undefined && gatewayId !== undefined && scope.has(gatewayId));
