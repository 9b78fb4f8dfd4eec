import type { ServerResponse } from 'node:http';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Cancellation } from '../common/cancellation.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { serverConfig } from '../config/server.config.js';

/** How long a call may go on after its caller has left, where the gateway lets it. */
const ABANDONED_MS = 120_000;
/** How many may. */
const MAX_ABANDONED = 500;

/** The calls being answered: how many there may be, how many bytes they may hold, and what ends them early. */
@Injectable()
export class InFlightCalls implements BeforeApplicationShutdown {
  private readonly calls = new Set<InFlightCall>();
  private abandoned = 0;
  /** Bytes of request bodies that calls hold. */
  heldBytes = 0;

  constructor(@Inject(serverConfig.KEY) private readonly config: ConfigType<typeof serverConfig>) {}

  get count(): number {
    return this.calls.size;
  }

  /** Throws `overloaded` when there are as many calls as there may be. */
  enter(response: ServerResponse): InFlightCall {
    if (this.calls.size >= this.config.maxInFlightRequests) {
      throw new GatewayError('overloaded', 'The gateway answers as many calls as it may; try again in a moment.', {
        headers: { 'retry-after': '1' },
      });
    }
    const call = new InFlightCall(this, response);
    this.calls.add(call);
    return call;
  }

  /** Lets streams finish. The listener closes after this hook and waits for them; what is left after the grace period is cancelled. */
  beforeApplicationShutdown(): void {
    setTimeout(() => {
      for (const { cancellation } of this.calls) cancellation.cancel();
    }, this.config.shutdownGraceMs).unref();
  }

  /** The caller has its answer, or has left. */
  over(call: InFlightCall, isAnswered: boolean): void {
    this.heldBytes -= call.heldBytes;
    if (!isAnswered && call.outlivesCaller && this.abandoned < MAX_ABANDONED) {
      this.abandoned++;
      setTimeout(() => {
        this.abandoned--;
        this.end(call);
      }, ABANDONED_MS).unref();
    } else this.end(call, !isAnswered);
  }

  private end(call: InFlightCall, isCancelled = true): void {
    this.calls.delete(call);
    if (isCancelled) call.cancellation.cancel();
  }
}

/** A call being answered. One listener on its response does for everything that must end with it. */
export class InFlightCall {
  /** Happens when the caller leaves, or when the grace period of a stop is over. */
  readonly cancellation = new Cancellation();
  /** Does the call go on for a while when its caller leaves, so that its answer is not lost? */
  outlivesCaller = false;
  heldBytes = 0;

  constructor(
    private readonly calls: InFlightCalls,
    response: ServerResponse,
  ) {
    response.once('close', () => this.calls.over(this, response.writableFinished));
  }

  /** Counts bytes that are held until the call is over; returns those of all calls. */
  hold(bytes: number): number {
    this.heldBytes += bytes;
    this.calls.heldBytes += bytes;
    return this.calls.heldBytes;
  }
}
