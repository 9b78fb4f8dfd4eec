import { Injectable } from '@nestjs/common';
import { isTokenShaped } from '../common/token-shape.js';
import { GatewayTokenDirectory } from '../tokens/gateway-token.directory.js';
import {
  type InboundCredentials,
  type InboundHeaders,
  ownCredentialHeaders,
  readCredentials,
} from './inbound-credentials.js';

/** Tells our tokens from the keys of providers, wherever a caller puts either. Everything is looked up in memory. */
@Injectable()
export class CallerCredentials {
  constructor(private readonly tokens: GatewayTokenDirectory) {}

  read(headers: InboundHeaders, queryKey?: string): InboundCredentials {
    return readCredentials(headers, queryKey, this.isOurs);
  }

  /** The headers that show a provider key of the caller's own, as they were sent: names and values in turn. */
  own(headers: InboundHeaders): readonly string[] {
    return ownCredentialHeaders(headers, this.isOurs);
  }

  /** Is this a gateway token, of any standing (also one that has expired or is disabled)? */
  readonly isOurs = (value: string): boolean => isTokenShaped(value) || this.tokens.find(value) !== null;
}
