import type { ServerResponse } from 'node:http';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { GatewayError } from '../common/errors/gateway-error.js';
import { serverConfig } from '../config/server.config.js';

/** How long a call may go on after its caller has left, where the gateway lets it. */
const ABANDONED_MS = 120_000;
/** How many may. */
const MAX_ABANDONED = 500;

/** A call being answered. */
export interface InFlightCall {
  /** Fires when the caller leaves, or when the grace period of a stop is over. */
  readonly signal: AbortSignal;
  /** The call goes on for a while when its caller leaves, so that its answer is not lost. */
  outlivesCaller(): void;
}

/** The calls being answered: how many there may be, and what ends them early. */
@Injectable()
export class InFlightCalls implements BeforeApplicationShutdown {
  private readonly calls = new Set<AbortController>();
  private abandoned = 0;

  constructor(@Inject(serverConfig.KEY) private readonly config: ConfigType<typeof serverConfig>) {}

  /** Throws `overloaded` when there are as many calls as there may be. */
  enter(response: ServerResponse): InFlightCall {
    if (this.calls.size >= this.config.maxInFlightRequests) {
      throw new GatewayError('overloaded', 'The gateway answers as many calls as it may; try again in a moment.', {
        headers: { 'retry-after': '1' },
      });
    }
    const controller = new AbortController();
    let outlives = false;
    this.calls.add(controller);
    response.once('close', () => {
      if (response.writableFinished) this.calls.delete(controller);
      else if (outlives && this.abandoned < MAX_ABANDONED) this.abandon(controller);
      else this.end(controller);
    });
    return { signal: controller.signal, outlivesCaller: () => (outlives = true) };
  }

  /** Lets streams finish. The listener closes after this hook and waits for them; what is left after the grace period is aborted. */
  beforeApplicationShutdown(): void {
    setTimeout(() => {
      for (const controller of this.calls) controller.abort();
    }, this.config.shutdownGraceMs).unref();
  }

  private abandon(controller: AbortController): void {
    this.abandoned++;
    setTimeout(() => {
      this.abandoned--;
      this.end(controller);
    }, ABANDONED_MS).unref();
  }

  private end(controller: AbortController): void {
    this.calls.delete(controller);
    controller.abort();
  }
}
