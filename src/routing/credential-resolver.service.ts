import { Injectable } from '@nestjs/common';
import { Dice } from '../common/dice.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import type { GatewayAccess } from '../gateways/gateway-access.js';
import { ProviderKeyDirectory } from '../keys/provider-key.directory.js';
import type { ProviderCredential, ProviderStrategy } from '../providers/provider-strategy.js';

/** Which key a call shows a provider: the caller's own, else the stored one of the alias asked for, else none. */
@Injectable()
export class CredentialResolver {
  constructor(
    private readonly keys: ProviderKeyDirectory,
    private readonly dice: Dice,
  ) {}

  /**
   * Null only where the provider needs no key. Throws `unknown_key_alias` with the aliases there are, and
   * `missing_provider_key` saying how to store one.
   * @param usable Of a pool's keys those that are not are passed over, as long as there is another.
   */
  resolve(
    access: GatewayAccess,
    strategy: ProviderStrategy,
    alias: string | null,
    usable: (keyId: string) => boolean,
  ): ProviderCredential | null {
    if (access.inlineKey !== null)
      return { source: 'inline', alias: null, keyId: null, secret: access.inlineKey, settings: {} };
    const stored = this.keys.select(access.gateway.internalId, strategy.id, alias, this.dice, usable);
    if (stored !== null)
      return {
        source: 'stored',
        alias: stored.alias,
        keyId: stored.id,
        secret: stored.secret,
        settings: stored.settings,
        rate: stored.rate,
      };
    if (!strategy.needsCredential) return null;
    throw this.missing(access, strategy);
  }

  /** Is there a stored key under this alias that is usable? */
  hasUsable(
    access: GatewayAccess,
    strategy: ProviderStrategy,
    alias: string | null,
    usable: (keyId: string) => boolean,
  ): boolean {
    if (access.inlineKey !== null) return false;
    const key = this.keys.select(access.gateway.internalId, strategy.id, alias, this.dice, usable);
    return key !== null && usable(key.id);
  }

  private missing({ gateway }: GatewayAccess, { id, name }: ProviderStrategy): GatewayError {
    const aliases = this.keys.aliases(gateway.internalId, id);
    const found =
      aliases.length === 0
        ? `Gateway "${gateway.id}" has no stored key for ${name}, and the request brought none.`
        : `Gateway "${gateway.id}" has no stored key for ${name} with the alias "default" (but: ${aliases.join(', ')}), and the request brought none.`;
    return new GatewayError(
      'missing_provider_key',
      `${found} Store one with POST /client/v4/accounts/${gateway.accountId}/ai-gateway/gateways/${gateway.id}/provider_configs ` +
        `{"provider_slug":"${id}","alias":"default","default_config":true,"secret":"…"}` +
        `${aliases.length === 0 ? '' : ', name an alias in cf-aig-byok-alias'}, or send the provider's key in the authorization header ` +
        '(with the gateway token in cf-aig-authorization).',
      { provider: id },
    );
  }
}
