import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';

import type { Secret } from '../common/secret.js';
import { bootstrapConfig } from '../config/bootstrap.config.js';
import { serverConfig } from '../config/server.config.js';
import { DEFAULT_GATEWAY_ID, FIRST_ACCOUNT_ID } from '../gateways/default-gateway.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import { FirstStartRepository } from './first-start.repository.js';

/** Makes a first start usable at once, and tells whoever started it what to paste next. */
@Injectable()
export class WelcomeService implements OnApplicationBootstrap {
  private generatedToken: Secret | null = null;

  constructor(
    private readonly repository: FirstStartRepository,
    private readonly feed: ChangeFeed,
    @Inject(bootstrapConfig.KEY) private readonly bootstrap: ConfigType<typeof bootstrapConfig>,
    @Inject(serverConfig.KEY) private readonly server: ConfigType<typeof serverConfig>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.generatedToken = await this.repository.prepare(this.bootstrap.adminToken);
    await this.feed.refresh();
  }

  /**
   * What to paste next, for the terminal: the only place where a generated token is ever shown, and once.
   * @param origin Where the gateway listens; `PUBLIC_ORIGIN` goes before it.
   */
  welcome(origin: string): string {
    const base = `${(this.server.publicOrigin ?? origin).replace(/\/$/, '')}/v1/${FIRST_ACCOUNT_ID}/${DEFAULT_GATEWAY_ID}`;
    const token = this.generatedToken;
    this.generatedToken = null;
    const lines = ['', `  Base URL   ${base}/compat`];
    if (token !== null) lines.push(`  Token      ${token.reveal()}   (shown this once: keep it)`);
    if (this.server.sandbox) lines.push('', '  Try it, without any provider key:', '', ...curl(base, token));
    return [...lines, ''].join('\n');
  }
}

function curl(base: string, token: Secret | null): string[] {
  const shown = token === null ? '$AIG_TOKEN' : token.reveal();
  return [
    `  curl ${base}/compat/chat/completions \\`,
    `    -H "cf-aig-authorization: Bearer ${shown}" \\`,
    `    -H "content-type: application/json" \\`,
    `    -d '{"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello!"}]}'`,
  ];
}
