import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { GatewayError } from '../common/errors/gateway-error.js';
import { serverConfig } from '../config/server.config.js';
import type { InFlightCall } from './in-flight.service.js';
import { UploadStream } from './upload-stream.js';

/** A JSON body up to this size is collected, whoever it is for; larger ones are passed on as they come. */
const MAX_COLLECTED_BYTES = 25 * 1024 * 1024;

/** A body, whole or still on its way. */
export interface ReceivedBody {
  /** Empty where there is none, and for an upload. */
  readonly raw: Buffer;
  /** `length`: as announced; null when it comes in chunks. */
  readonly upload: { readonly stream: Readable; readonly length: number | null } | null;
}

const NOTHING = Buffer.alloc(0);
const NO_BODY: ReceivedBody = { raw: NOTHING, upload: null };

/**
 * Collects a request's body as bytes, within limits: one for a body, one for all bodies held at a time. Own code because it runs
 * on every call: Fastify's string body and a second copy make a 20 KB call three times as dear (docs/performance.md).
 */
@Injectable()
export class BodyReader {
  constructor(@Inject(serverConfig.KEY) private readonly config: ConfigType<typeof serverConfig>) {}

  /**
   * A body that is to be passed on. JSON of a common size is collected, so that it can be read and sent again; all else is left to
   * be passed on as it comes, and is not held. Rejects as `read` does.
   */
  async receive(request: IncomingMessage, call: InFlightCall): Promise<ReceivedBody> {
    const { headers } = request;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return NO_BODY;
    const length = headers['content-length'] === undefined ? null : Number(headers['content-length']);
    const isPlainJson = isJson(headers['content-type']) && (headers['content-encoding'] ?? 'identity') === 'identity';
    if (isPlainJson && (length ?? 0) <= MAX_COLLECTED_BYTES)
      return { raw: await this.read(request, call), upload: null };
    return { raw: NOTHING, upload: { stream: new UploadStream(request), length } };
  }

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

const isJson = (type: string | undefined): boolean => /^application\/(?:[^;]+\+)?json/i.test(type ?? '');

const tooLarge = (maxBytes: number) =>
  new GatewayError(
    'request_too_large',
    `The request body is larger than ${maxBytes} bytes, the limit of this gateway.`,
  );

const overloaded = () =>
  new GatewayError('overloaded', 'The gateway holds as many request bytes as it may; try again in a moment.', {
    headers: { 'retry-after': '1' },
  });
