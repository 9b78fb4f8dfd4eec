import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { Public } from '../auth/decorators/public.decorator.js';
import { ReadinessService } from './readiness.service.js';

/** For orchestrators and load balancers: plain text, no credential. */
@Public(true)
@Controller()
export class HealthController {
  constructor(private readonly readiness: ReadinessService) {}

  /** The process is up. Restarting it would not help against anything else. */
  @Get('healthz')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('cache-control', 'no-store')
  live(): string {
    return 'ok\n';
  }

  /** 200 when calls may come, else 503 with the reasons, one a line. */
  @Get('readyz')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('cache-control', 'no-store')
  ready(@Res({ passthrough: true }) reply: FastifyReply): string {
    const problems = this.readiness.problems();
    if (problems.length === 0) return 'ok\n';
    void reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return `${problems.join('\n')}\n`;
  }
}
