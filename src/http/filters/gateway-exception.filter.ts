import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { unexpectedError } from '../../common/errors/unexpected-error.js';
import { toCompatErrorBody, toGatewayErrorBody, toRestErrorBody } from '../../contract/error-body.js';
import { GATEWAY_HEADERS, headerSafe, inboundHeader } from '../../contract/gateway-headers.js';
import { type Surface, surfaceOf } from '../../contract/surface.js';
import { toPlatformErrorBody } from '../../contract/platform-error-body.js';
import { CORS_HEADERS } from '../cors.js';
import { pushPassedOn } from '../passed-on-headers.js';

/** Is told of every refusal on the data plane, with the error that the caller is told. */
export interface RefusalObserver {
  refused(request: FastifyRequest, exception: unknown, told: GatewayError): void;
}

/**
 * The one exception filter: any error to the body of the surface it happened on. Silent once headers are sent. Unexpected errors
 * are logged with their stack and told to nobody.
 */
@Catch()
export class GatewayExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('Errors');

  constructor(private readonly refusals: RefusalObserver) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (reply.raw.headersSent || reply.raw.destroyed) return;
    const path = request.url;
    void reply.header('x-request-id', request.id).type('application/json; charset=utf-8');

    const surface = surfaceOf(path);
    if (surface === null && path.startsWith('/client/')) {
      const { status, body } = toPlatformErrorBody(exception);
      if (status >= 500)
        this.logger.error({ event: 'request.failed', requestId: request.id, path: pathOf(path) }, stackOf(exception));
      void reply.status(status).send(body);
      return;
    }

    const error = this.toGatewayError(exception, request);
    this.refusals.refused(request, exception, error);
    for (const [name, value] of Object.entries(error.details.headers ?? {})) void reply.header(name, value);
    const { provider, model } = error.details;
    void reply
      .headers({
        'cf-aig-request-id': request.id,
        'cf-aig-log-id': request.id,
        'cf-aig-event-id': headerSafe(inboundHeader(request.headers, GATEWAY_HEADERS.eventId) ?? request.id),
        'x-should-retry': String(error.retryable),
      })
      .headers(provider === undefined ? {} : { 'cf-aig-provider': provider })
      .headers(model === undefined || model === '' ? {} : { 'cf-aig-model': headerSafe(model) });
    if (request.headers.origin !== undefined) {
      for (let i = 0; i < CORS_HEADERS.length; i += 2) void reply.header(CORS_HEADERS[i]!, CORS_HEADERS[i + 1]);
    }
    const { answer } = error.details;
    if (answer !== undefined && surface !== 'compat') {
      void reply.removeHeader('content-type').status(answer.status);
      const headers: string[] = [];
      pushPassedOn(headers, answer.headers);
      for (let at = 0; at < headers.length; at += 2) void reply.header(headers[at]!, headers[at + 1]);
      void reply.send(answer.body);
      return;
    }
    const body = toErrorBody(surface, error);
    void reply.status(error.status).send(body);
  }

  private toGatewayError(exception: unknown, request: FastifyRequest): GatewayError {
    if (exception instanceof GatewayError) {
      // One that was made of something unexpected was logged where that happened.
      if (exception.key === 'internal' && exception.cause === undefined) this.logUnexpected(exception, request);
      return exception;
    }
    const status = statusOf(exception);
    if (status === 404) {
      return new GatewayError('not_found', `There is nothing at ${request.method} ${headerSafe(pathOf(request.url))}.`);
    }
    if (status === 413) return new GatewayError('request_too_large', 'The request body is too large.');
    if (status === 415) return new GatewayError('unsupported_media_type', 'Send JSON, as application/json.');
    if (status === 503)
      return new GatewayError('shutting_down', 'The gateway is shutting down; send the request again.');
    if (status !== null && status < 500) {
      return new GatewayError('invalid_request', messageOf(exception), { status, cause: exception });
    }
    const error = unexpectedError(exception, request.id);
    if (error.key === 'internal') this.logUnexpected(error, request);
    return error;
  }

  private logUnexpected(exception: unknown, request: FastifyRequest): void {
    this.logger.error(
      { event: 'request.failed', requestId: request.id, path: pathOf(request.url) },
      stackOf(exception),
    );
  }
}

function toErrorBody(surface: Surface | null, error: GatewayError): object {
  if (surface === 'compat') return toCompatErrorBody(error);
  return surface === 'rest' ? toRestErrorBody(error) : toGatewayErrorBody(error);
}

/** A URL without its query, which may hold a key. */
const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;

const messageOf = (exception: unknown): string => (exception instanceof Error ? exception.message : String(exception));

/** Of what is behind it, where something is: there it happened. */
function stackOf(exception: unknown): string | undefined {
  if (!(exception instanceof Error)) return undefined;
  return exception.cause instanceof Error ? exception.cause.stack : exception.stack;
}

/** The status of Nest's and Fastify's own errors. */
function statusOf(exception: unknown): number | null {
  if (exception instanceof HttpException) return exception.getStatus();
  if (exception instanceof Error && 'statusCode' in exception && typeof exception.statusCode === 'number')
    return exception.statusCode;
  return null;
}
