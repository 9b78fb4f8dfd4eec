import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { GatewayError } from '../common/errors/gateway-error.js';
import { serverConfig } from '../config/server.config.js';
import type { InFlightCall } from './in-flight.service.js';

/**
 * Collects a request's body as bytes, within limits: one for a body, one for all bodies held at a time. Own code because it runs
 * on every call: Fastify's string body and a second copy make a 20 KB call three times as dear (docs/performance.md).
 */
@Injectable()
export class BodyReader {
  constructor(@Inject(serverConfig.KEY) private readonly config: ConfigType<typeof serverConfig>) {}

  /**
   * The bytes count as held until the call is over. Rejects with `request_too_large` as soon as the limit is passed (at once,
   * where `content-length` says so), `overloaded` when all bodies together are too much, `unsupported_media_type` for an
   * encoded body, and `invalid_request` when the caller breaks off.
   */
  read(request: IncomingMessage, call: InFlightCall): Promise<Buffer> {
    const { maxBodyBytes, maxInFlightBytes } = this.config;
    return new Promise((resolve, reject) => {
      const encoding = request.headers['content-encoding'];
      if (encoding !== undefined && encoding !== 'identity') {
        reject(
          new GatewayError('unsupported_media_type', `Send the body without content-encoding; got "${encoding}".`),
        );
        return;
      }
      if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
        reject(tooLarge(maxBodyBytes));
        return;
      }
      let first: Buffer | null = null;
      let more: Buffer[] | null = null;
      let size = 0;
      const refuse = (error: GatewayError) => {
        // The rest is thrown away, not left unread: closing on unread bytes would take the answer with it. Node's request
        // timeout bounds how long that may go on.
        request.removeAllListeners('data').resume();
        reject(error);
      };
      request.on('data', (bytes: Buffer) => {
        size += bytes.length;
        const held = call.hold(bytes.length);
        if (size > maxBodyBytes) refuse(tooLarge(maxBodyBytes));
        else if (held > maxInFlightBytes) refuse(overloaded());
        else if (first === null) first = bytes;
        else if (more === null) more = [first, bytes];
        else more.push(bytes);
      });
      request.on('end', () => resolve(more !== null ? Buffer.concat(more, size) : (first ?? Buffer.alloc(0))));
      request.on('error', (cause) =>
        reject(new GatewayError('invalid_request', 'The request body broke off.', { cause })),
      );
    });
  }
}

const tooLarge = (maxBytes: number) =>
  new GatewayError(
    'request_too_large',
    `The request body is larger than ${maxBytes} bytes, the limit of this gateway.`,
  );

const overloaded = () =>
  new GatewayError('overloaded', 'The gateway holds as many request bytes as it may; try again in a moment.', {
    headers: { 'retry-after': '1' },
  });
