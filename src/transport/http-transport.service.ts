import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Pool } from 'undici';
import type { Cancellation } from '../common/cancellation.js';
import { transportConfig } from '../config/transport.config.js';
import { assertAddressAllowed, assertEgressAllowed } from '../common/egress-policy.js';
import type { AttemptWatch } from './attempt-watch.js';
import { type Exchange, StreamedExchange, type UpstreamResponse, WholeExchange } from './exchange.js';
import { TransportError, toTransportError } from './transport-error.js';
import type { UpstreamAnswer, UpstreamRequest } from './upstream.types.js';

/** A connection that is not there by then is given up, whoever asked for it. */
const MAX_CONNECT_MS = 60_000;

/**
 * Outgoing HTTP: the only place where a socket is opened. One pool of HTTP/1.1 keep-alive connections an origin, and undici's
 * `dispatch` under everything, which costs a fifth of `fetch` (docs/performance.md). Redirects are not followed.
 */
@Injectable()
export class HttpTransport implements OnApplicationShutdown {
  private readonly pools = new Map<string, Pool>();
  /** Of origins that customers name: never a connection of the others', even to the same origin. */
  private readonly guardedPools = new Map<string, Pool>();
  private readonly trusted = new Set<string>();

  /** Finds the addresses of hosts that customers name. */
  lookup = lookup;

  constructor(@Inject(transportConfig.KEY) private readonly config: ConfigType<typeof transportConfig>) {}

  /** Origins that the code or the operator names. Any other one is held to the egress policy. */
  trust(origin: string): void {
    this.trusted.add(origin);
  }

  /**
   * Resolves when the answer's head is there. Rejects with a `TransportError`; an abort of `cancellation`, or a clock of `watch` that
   * runs out, closes the connection.
   * @param isCustomers Did a customer name the origin? Then it is held to the egress policy whoever else names it too.
   */
  send(
    request: UpstreamRequest,
    watch: AttemptWatch,
    cancellation: Cancellation,
    isCustomers = false,
  ): Promise<UpstreamResponse> {
    return new Promise((resolve, reject) => {
      this.dispatch(request, isCustomers, new StreamedExchange(resolve, reject, watch, cancellation));
    });
  }

  /** The whole answer at once. Rejects as `send` does, and with `answer_too_large` beyond `maxBytes`. */
  fetch(
    request: UpstreamRequest,
    watch: AttemptWatch,
    cancellation: Cancellation,
    maxBytes: number,
    isCustomers = false,
  ): Promise<UpstreamAnswer> {
    return new Promise((resolve, reject) => {
      this.dispatch(request, isCustomers, new WholeExchange(resolve, reject, watch, cancellation, maxBytes));
    });
  }

  private dispatch(request: UpstreamRequest, isCustomers: boolean, exchange: Exchange): void {
    if (exchange.cancelled) {
      exchange.abort();
      return;
    }
    try {
      const { upload } = request;
      const outgoing = upload === undefined ? request : { ...request, body: upload };
      this.poolOf(request.origin, isCustomers).dispatch(outgoing, exchange);
    } catch (cause) {
      exchange.abort(toTransportError(cause));
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.pools.values(), ...this.guardedPools.values()].map((pool) => pool.destroy()));
  }

  private poolOf(origin: string, isCustomers: boolean): Pool {
    const pools = isCustomers ? this.guardedPools : this.pools;
    let pool = pools.get(origin);
    if (pool === undefined) {
      const trusted = !isCustomers && this.trusted.has(origin);
      if (!trusted) this.assertAllowed(origin);
      pool = new Pool(origin, {
        pipelining: 1,
        keepAliveTimeout: 30_000,
        // Time is kept by the attempt's own clocks; this one only ends what nobody waits for any more.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: MAX_CONNECT_MS, ...(trusted ? {} : { lookup: this.guardedLookup }) },
      });
      pools.set(origin, pool);
    }
    return pool;
  }

  private assertAllowed(origin: string): void {
    try {
      assertEgressAllowed(origin, { allowPrivate: this.config.egressAllowPrivate });
    } catch (cause) {
      throw new TransportError('egress_refused', 'its address may not be reached from here', cause);
    }
  }

  /** Checks the addresses that are really connected to, so that a name cannot point elsewhere after it was saved. */
  readonly guardedLookup: LookupFunction = (hostname, options, callback) => {
    this.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      try {
        for (const { address } of addresses)
          assertAddressAllowed(address, { allowPrivate: this.config.egressAllowPrivate });
      } catch (cause) {
        callback(new TransportError('egress_refused', 'its address may not be reached from here', cause), []);
        return;
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);
    });
  };
}
