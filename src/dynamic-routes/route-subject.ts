import type { MetadataValue } from '../contract/call-metadata.js';
import type { InboundHeaders } from '../contract/gateway-headers.js';
import { type AskedBody, estimatedTokens } from './asked-body.js';

/** Who asks, as far as a route may know. */
export interface RouteCaller {
  readonly id: string;
  readonly name: string;
}

/** A call as a route's elements look at it. What takes work is found out when it is asked for, and once. */
export class RouteSubject {
  private tokens: number | null = null;

  /** @param now Milliseconds since 1970: one moment for the whole walk. */
  constructor(
    readonly body: AskedBody,
    readonly metadata: Readonly<Record<string, MetadataValue>>,
    readonly headers: InboundHeaders,
    readonly caller: RouteCaller | null,
    readonly now: number,
  ) {}

  get estimatedTokens(): number {
    this.tokens ??= estimatedTokens(this.body);
    return this.tokens;
  }
}
