/** A value as the database holds it: sealed under a data key of its own, which the master key `kekId` names has wrapped. */
export interface SealedSecret {
  readonly kekId: string;
  readonly wrappedKey: Uint8Array<ArrayBuffer>;
  readonly ciphertext: Uint8Array<ArrayBuffer>;
}

/** What a sealed value belongs to. Opening it as anything else fails: a row copied elsewhere is worth nothing. */
export type SecretOwner =
  | {
      readonly kind: 'provider-key';
      readonly accountId: string;
      /** The gateway's internal id: a gateway made anew under an old name is another gateway. */
      readonly gatewayInternalId: string;
      readonly provider: string;
      readonly alias: string;
    }
  | {
      readonly kind: 'stored-secret';
      readonly accountId: string;
      readonly storeId: string;
      readonly secretId: string;
    }
  | {
      readonly kind: 'custom-provider';
      readonly accountId: string;
      readonly providerId: string;
    };

/** The owner as bytes. Each part carries its length, so that no two owners have the same bytes. */
export function encodeOwner(owner: SecretOwner): Buffer {
  return Buffer.concat(
    partsOf(owner).flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

function partsOf(owner: SecretOwner): readonly string[] {
  const { kind, accountId } = owner;
  if (kind === 'provider-key') return [kind, accountId, owner.gatewayInternalId, owner.provider, owner.alias];
  if (kind === 'stored-secret') return [kind, accountId, owner.storeId, owner.secretId];
  return [kind, accountId, owner.providerId];
}
