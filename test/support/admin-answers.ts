import { type INestApplication } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { routesOf } from '../../src/openapi/controller-routes.js';

const envelope = z.object({ success: z.literal(true), result: z.unknown() });

/** Holds each answer of the control plane against what its handler says of it: its `Answers`. */
export class AdminAnswers {
  private readonly schemas = new Map<string, z.ZodType>();
  /** Routes that have answered: `GET /client/v4/…`. */
  readonly seen = new Set<string>();
  /** Where an answer was not what it is said to be. */
  readonly problems: string[] = [];

  /** Begins to look at what is answered. Before there are routes. */
  watch(server: FastifyInstance): void {
    server.addHook('onSend', (request, reply, payload, done) => {
      const route = `${request.method} ${request.routeOptions.url ?? ''}`;
      if (reply.statusCode === 200 && typeof payload === 'string') this.check(route, payload);
      done(null, payload);
    });
  }

  /** Reads what the handlers say. */
  learn(app: INestApplication): void {
    for (const { metatype } of app.get(DiscoveryService, { strict: false }).getControllers()) {
      if (typeof metatype !== 'function') continue;
      for (const { method, path, answer } of routesOf(metatype as never)) {
        if (answer !== null) this.schemas.set(`${method.toUpperCase()} ${path}`, answer);
      }
    }
  }

  /** Routes whose answers are described. */
  get described(): readonly string[] {
    return [...this.schemas.keys()];
  }

  private check(route: string, payload: string): void {
    const schema = this.schemas.get(route);
    if (schema === undefined) return;
    this.seen.add(route);
    const parsed = schema.safeParse(envelope.parse(JSON.parse(payload)).result);
    if (!parsed.success) this.problems.push(`${route}: ${z.prettifyError(parsed.error)}\n${payload.slice(0, 2000)}`);
  }
}
