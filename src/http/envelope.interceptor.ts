import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';

import type { Page, PageRequest } from '../common/page.js';
import type { PlatformMessage } from '../common/errors/platform-error.js';

/** An answer that says more than its result. */
export class Enveloped {
  constructor(
    readonly result: unknown,
    readonly more: {
      readonly messages?: readonly PlatformMessage[];
      readonly resultInfo?: Readonly<Record<string, number>>;
      /** Members beside the result, for the calls whose clients look for it elsewhere. */
      readonly beside?: Readonly<Record<string, unknown>>;
    },
  ) {}
}

/** One page of a list, in the API's own words. A page past the end is empty: clients read on until one is. */
export function pageOf<T>(
  { items, total }: Page<T>,
  { page, perPage }: PageRequest,
  present: (item: T) => unknown,
): Enveloped {
  return new Enveloped(items.map(present), {
    resultInfo: {
      page,
      per_page: perPage,
      count: items.length,
      total_count: total,
      total_pages: Math.ceil(total / perPage),
    },
  });
}

/** The control plane's envelope, all four members of it; always JSON, never 204: clients look for `result`. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const { id } = http.getRequest<FastifyRequest>();
    // Some answers hold a new token's value.
    void http.getResponse<FastifyReply>().headers({ 'x-request-id': id, 'cache-control': 'no-store' });
    return next.handle().pipe(map((answer: unknown) => toEnvelope(answer)));
  }
}

function toEnvelope(answer: unknown): Record<string, unknown> {
  const { result, more } = answer instanceof Enveloped ? answer : new Enveloped(answer, {});
  return {
    success: true,
    errors: [],
    messages: more.messages ?? [],
    result: result ?? null,
    ...more.beside,
    ...(more.resultInfo === undefined ? {} : { result_info: more.resultInfo }),
  };
}
