import type { Socket } from 'node:net';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ConfigType } from '@nestjs/config';
import { GatewayError } from './common/errors/gateway-error.js';
import { ulid } from './common/ids.js';
import type { serverConfig } from './config/server.config.js';
import { toGatewayErrorBody } from './contract/error-body.js';
import { isDataPlane } from './contract/surface.js';
import { preflightHeaders } from './http/cors.js';
import { GatewayExceptionFilter } from './http/filters/gateway-exception.filter.js';
import { RefusedCalls } from './routing/refused-calls.service.js';

type ServerConfig = ConfigType<typeof serverConfig>;

/** The control plane's largest body: an array of secrets of 64 KiB each. */
const MAX_CONTROL_PLANE_BODY_BYTES = 1024 * 1024;

/** The listener, before there is an application. Its limits hold for bytes that no handler ever sees. */
export function createAdapter(config: ServerConfig): FastifyAdapter {
  return new FastifyAdapter({
    logger: false,
    genReqId: () => ulid(),
    bodyLimit: MAX_CONTROL_PLANE_BODY_BYTES,
    requestTimeout: config.requestBodyTimeoutMs,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true },
    http: {
      maxHeaderSize: config.maxHeaderBytes,
      headersTimeout: Math.min(20_000, config.requestBodyTimeoutMs),
      connectionsCheckingInterval: 2_000,
    },
    clientErrorHandler: answerClientError,
  });
}

/** How soon a connection is closed that has become idle while the gateway stops, in milliseconds. */
const IDLE_LOOK_MS = 50;

/** What main.ts and the end-to-end tests both do to an application before it listens. */
export function setupApp(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const parseJson = fastify.getDefaultJsonParser('error', 'error');

  fastify.removeAllContentTypeParsers();
  // The data plane reads its own bytes, after the guard has let the caller in. Elsewhere a body is JSON, whatever it is called,
  // and an empty one is none: Alchemy sends a content type on every call.
  fastify.addContentTypeParser('*', (request, payload, done) => {
    if (isDataPlane(request.url)) {
      done(null, undefined);
      return;
    }
    let text = '';
    let size = 0;
    payload.setEncoding('utf8');
    payload.on('data', (part: string) => {
      size += Buffer.byteLength(part);
      if (size <= MAX_CONTROL_PLANE_BODY_BYTES) text += part;
    });
    payload.on('error', done);
    payload.on('end', () => {
      if (size > MAX_CONTROL_PLANE_BODY_BYTES)
        done(new GatewayError('request_too_large', 'The request body is larger than 1 MiB.'));
      else if (text.trim() === '') done(null, undefined);
      else void parseJson(request, text, done);
    });
  });
  fastify.options('/v1/*', (request, reply) => {
    void reply.status(204).headers(preflightHeaders(request.headers['access-control-request-headers'])).send();
  });

  // Closing the listener closes the connections that are idle then. Those whose calls end afterwards are kept alive by Node, and the
  // stop would wait for their callers to let go: a minute and more.
  fastify.addHook('preClose', (done) => {
    const { server } = fastify;
    const looks = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
    server.once('close', () => clearInterval(looks));
    done();
  });

  app.useGlobalFilters(new GatewayExceptionFilter(app.get(RefusedCalls, { strict: false })));
  // Exit with 0 after a clean shutdown, instead of dying of the signal as Nest would have it.
  app.enableShutdownHooks([], { useProcessExit: true });
}

/** Requests that Node's HTTP parser refuses never become one: they are answered on the socket. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (socket.destroyed || !socket.writable) return;
  const told = CLIENT_ERRORS[error.code ?? ''] ?? [
    'invalid_request',
    400,
    'Bad Request',
    'The request is not valid HTTP.',
  ];
  const [key, status, reason, message] = told;
  const body = JSON.stringify(toGatewayErrorBody(new GatewayError(key, message, { status })));
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

const CLIENT_ERRORS: Readonly<
  Record<string, readonly ['invalid_request' | 'request_timeout' | 'request_too_large', number, string, string]>
> = {
  HPE_HEADER_OVERFLOW: [
    'request_too_large',
    431,
    'Request Header Fields Too Large',
    'The request headers are too large.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 408, 'Request Timeout', 'The request took too long to arrive.'],
};
