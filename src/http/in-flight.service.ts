import type { ServerResponse } from 'node:http';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { serverConfig } from '../config/server.config.js';

/** The calls being answered: each has a signal that fires when its caller leaves, or when the grace period of a stop is over. */
@Injectable()
export class InFlightCalls implements BeforeApplicationShutdown {
  private readonly calls = new Set<AbortController>();

  constructor(@Inject(serverConfig.KEY) private readonly config: ConfigType<typeof serverConfig>) {}

  enter(response: ServerResponse): AbortSignal {
    const controller = new AbortController();
    this.calls.add(controller);
    response.once('close', () => {
      this.calls.delete(controller);
      if (!response.writableFinished) controller.abort();
    });
    return controller.signal;
  }

  /** Lets streams finish. The listener closes after this hook and waits for them; what is left after the grace period is aborted. */
  beforeApplicationShutdown(): void {
    setTimeout(() => {
      for (const controller of this.calls) controller.abort();
    }, this.config.shutdownGraceMs).unref();
  }
}
