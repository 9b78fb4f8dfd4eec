import { lookup as dnsLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { type Dispatcher, Pool } from 'undici';
import type { Cancellation } from '../common/cancellation.js';
import { transportConfig } from '../config/transport.config.js';
import { assertAddressAllowed, assertEgressAllowed } from '../common/egress-policy.js';
import type { AttemptWatch } from './attempt-watch.js';
import { TIMEOUTS, TransportError, toTransportError } from './transport-error.js';
import { type BodySink, givenUp, type UpstreamBody } from './upstream-body.js';
import type { UpstreamHeaders, UpstreamRequest } from './upstream.types.js';

/** A connection that is not there by then is given up, whoever asked for it. */
const MAX_CONNECT_MS = 60_000;

/** What may come before a body's reader is there. */
const MAX_EARLY_BYTES = 64 * 1024;

/** An answer whose head has come. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly body: UpstreamBody;
}

/**
 * Outgoing HTTP: the only place where a socket is opened. One pool of HTTP/1.1 keep-alive connections an origin, and undici's
 * `dispatch` under everything, which costs a fifth of `fetch` (docs/performance.md). Redirects are not followed.
 */
@Injectable()
export class HttpTransport implements OnApplicationShutdown {
  private readonly pools = new Map<string, Pool>();
  private readonly trusted = new Set<string>();

  constructor(@Inject(transportConfig.KEY) private readonly config: ConfigType<typeof transportConfig>) {}

  /** Origins that the code or the operator names. Any other one, from a stored key's `base_url`, is held to the egress policy. */
  trust(origin: string): void {
    this.trusted.add(origin);
  }

  /**
   * Resolves when the answer's head is there. Rejects with a `TransportError`; an abort of `cancellation`, or a clock of `watch` that
   * runs out, closes the connection.
   */
  send(request: UpstreamRequest, watch: AttemptWatch, cancellation: Cancellation): Promise<UpstreamResponse> {
    return new Promise((resolve, reject) => {
      if (cancellation.cancelled) {
        reject(givenUp());
        return;
      }
      try {
        this.poolOf(request.origin).dispatch(request, new Exchange(resolve, reject, watch, cancellation));
      } catch (cause) {
        reject(toTransportError(cause));
      }
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()));
  }

  private poolOf(origin: string): Pool {
    let pool = this.pools.get(origin);
    if (pool === undefined) {
      const trusted = this.trusted.has(origin);
      if (!trusted) this.assertAllowed(origin);
      pool = new Pool(origin, {
        pipelining: 1,
        keepAliveTimeout: 30_000,
        // Time is kept by the attempt's own clocks; this one only ends what nobody waits for any more.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: MAX_CONNECT_MS, ...(trusted ? {} : { lookup: this.guardedLookup }) },
      });
      this.pools.set(origin, pool);
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
  private readonly guardedLookup: LookupFunction = (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
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

/** One request's life: undici's handler on one side, the body for its reader on the other. */
class Exchange implements Dispatcher.DispatchHandler, UpstreamBody {
  private controller: Dispatcher.DispatchController | null = null;
  private sink: BodySink | null = null;
  private early: Buffer[] = [];
  private earlyBytes = 0;
  private ended = false;
  private failure: TransportError | null = null;
  private answered = false;

  constructor(
    private readonly resolve: (response: UpstreamResponse) => void,
    private readonly reject: (error: TransportError) => void,
    private readonly watch: AttemptWatch,
    private readonly cancellation: Cancellation,
  ) {
    cancellation.onCancel(this.onAbort);
    watch.whenOver((fault) => this.abort(new TransportError(fault, TIMEOUTS[fault])));
  }

  private readonly onAbort = (): void => this.abort();

  abort(reason: TransportError = givenUp()): void {
    // Before undici has a connection there is no controller yet: the reader is told at once, the request when it starts.
    if (this.controller === null) this.fail(reason);
    else this.controller.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.failure !== null) controller.abort(this.failure);
    else this.watch.connected();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    // 1xx answers are announcements; the real one follows.
    if (status < 200) return;
    this.answered = true;
    this.watch.headCame();
    this.resolve({ status, headers, body: this });
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    this.watch.bytesCame();
    if (this.sink === null) {
      // A small answer comes with its head, before the reader had its turn; pausing at once would cost it another.
      this.early.push(bytes);
      this.earlyBytes += bytes.length;
      if (this.earlyBytes > MAX_EARLY_BYTES) controller.pause();
    } else if (!this.sink.data(bytes)) {
      controller.pause();
      this.watch.held();
    }
  }

  onResponseEnd(): void {
    this.release();
    this.ended = true;
    this.sink?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.fail(toTransportError(cause));
  }

  pipe(sink: BodySink): void {
    this.sink = sink;
    let flowing = true;
    for (const bytes of this.early) flowing = sink.data(bytes) && flowing;
    this.early = [];
    if (this.failure !== null) sink.error(this.failure);
    else if (this.ended) sink.end();
    else if (flowing) this.controller?.resume();
  }

  resume(): void {
    this.watch.bytesCame();
    this.controller?.resume();
  }

  private release(): void {
    this.watch.done();
    this.cancellation.off(this.onAbort);
  }

  private fail(error: TransportError): void {
    if (this.failure !== null || this.ended) return;
    this.failure = error;
    this.release();
    if (!this.answered) this.reject(error);
    else this.sink?.error(error);
  }
}
