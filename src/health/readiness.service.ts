import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';

import { databaseConfig } from '../config/database.config.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';

/** So many polls may go unanswered before the database counts as away. */
const POLLS_MISSED = 3;
const SLACK_MS = 10_000;

/** Should a load balancer send calls here? Asks nobody: the change feed's poll has asked the database already. */
@Injectable()
export class ReadinessService implements OnModuleDestroy {
  private stopping = false;

  constructor(
    @Inject(ChangeFeed) private readonly feed: Pick<ChangeFeed, 'ready' | 'databaseSilentMs'>,
    @Inject(databaseConfig.KEY) private readonly config: ConfigType<typeof databaseConfig>,
  ) {}

  onModuleDestroy(): void {
    this.stopping = true;
  }

  /** Why not, a line each; empty when ready. */
  problems(): string[] {
    const problems: string[] = [];
    if (this.stopping) problems.push('stopping: this replica is shutting down');
    if (!this.feed.ready) problems.push('snapshots: the configuration is not loaded yet');
    const silentMs = this.feed.databaseSilentMs;
    if (this.feed.ready && silentMs > POLLS_MISSED * this.config.configPollMs + SLACK_MS) {
      problems.push(`database: no answer for ${String(Math.round(silentMs / 1000))} s`);
    }
    return problems;
  }
}
