import { assembleStream } from './assembly/index.js';
import type { LogBody } from './request-log.js';

/** A kept stream as the answer that it amounts to; null for what is no stream, or one of an unknown kind. */
export function assembledAnswer({ bytes, contentType, isCut }: LogBody): LogBody | null {
  if (contentType?.startsWith('text/event-stream') !== true) return null;
  const answer = assembleStream(bytes.toString('utf8'));
  return answer === null
    ? null
    : { bytes: Buffer.from(JSON.stringify(answer)), contentType: 'application/json', isCut };
}
