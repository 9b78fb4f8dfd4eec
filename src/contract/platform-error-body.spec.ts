import { describe, expect, it } from '@jest/globals';
import { BadRequestException, ConflictException, NotFoundException, UnauthorizedException } from '@nestjs/common';
import { z } from 'zod';

import { GatewayError } from '../common/errors/gateway-error.js';
import { forbidden, notFound, PlatformError, unauthenticated } from '../common/errors/platform-error.js';
import { toPlatformErrorBody } from './platform-error-body.js';

const fastifyError = (statusCode: number) =>
  Object.assign(new Error('told by Fastify'), { statusCode, code: 'FST_ERR' });

describe('toPlatformErrorBody', () => {
  it.each<[string, unknown, number, number]>([
    ['a missing thing', notFound(), 404, 7002],
    ['a wrong token', unauthenticated(), 401, 10_000],
    ['a missing permission', forbidden('why'), 403, 10_001],
    ['an error of the secrets store', new PlatformError(400, [{ code: 1003, message: 'x' }]), 400, 1003],
    ["a schema's complaint", z.string().safeParse(1).error, 400, 7001],
    ['broken JSON', new SyntaxError('x'), 400, 7001],
    ["Nest's bad request", new BadRequestException('x'), 400, 7001],
    ["Nest's unknown route", new NotFoundException('x'), 404, 7003],
    ["Nest's unauthorized", new UnauthorizedException(), 401, 10_000],
    ['a conflict, which SDKs would send again', new ConflictException('x'), 400, 7001],
    ["Fastify's bad request", fastifyError(400), 400, 7001],
    ["Fastify's large body", fastifyError(413), 413, 7001],
    ["Fastify's rate limit", fastifyError(429), 429, 971],
    ["the gateway's own error", new GatewayError('request_too_large', 'x'), 413, 7001],
    ['what nobody foresaw', new Error('secret detail'), 500, 1000],
    ['what is no error', 'secret detail', 500, 1000],
    ['nothing', undefined, 500, 1000],
  ])('answers %s', (_name, exception, status, code) => {
    const answer = toPlatformErrorBody(exception);

    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ success: false, result: null, errors: [{ code }] });
    expect(JSON.stringify(answer.body)).not.toContain('secret detail');
  });

  it('names each place once, and each reason', () => {
    const schema = z.object({ a: z.number(), b: z.object({ c: z.array(z.string()) }) });
    const { body } = toPlatformErrorBody(schema.safeParse({ a: 'x', b: { c: [1] } }).error);

    expect(body.errors).toEqual([
      { code: 7001, message: 'Input Validation Error', path: ['body', 'a'] },
      { code: 7001, message: 'Input Validation Error', path: ['body', 'b', 'c', 0] },
    ]);
    expect(body.messages.map(({ message }) => message.split(':', 1)[0])).toEqual(['body.a', 'body.b.c.0']);
  });
});
