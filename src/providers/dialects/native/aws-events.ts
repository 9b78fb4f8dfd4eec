import { AwsEventStreamReader, type AwsEventMessage } from '../../../transport/readers/aws-event-stream.js';
import { isObject, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import type { EventReader, OnEvent } from './event-reader.js';

/**
 * Reads Amazon's binary events on the side: Converse's own, and the vendor's events that `InvokeModel` wraps. Bytes that make no
 * sense are read no further.
 */
export class AwsEvents implements EventReader {
  events = 0;
  private readonly reader = new AwsEventStreamReader();
  private isBlind = false;

  constructor(private readonly onEvent: OnEvent) {}

  push(bytes: Buffer): void {
    if (this.isBlind) return;
    try {
      for (const message of this.reader.push(bytes)) this.tell(message);
    } catch {
      this.isBlind = true;
    }
  }

  private tell({ headers, payload }: AwsEventMessage): void {
    this.events++;
    const body = parseJson(payload.toString());
    const event = isObject(body) ? body : {};
    if ((headers.get(':message-type') ?? 'event') !== 'event') {
      const code = headers.get(':exception-type') ?? headers.get(':error-code') ?? 'exception';
      return this.onEvent('error', { ...event, type: 'error', error: { code, message: event['message'] ?? code } });
    }
    this.onEvent(headers.get(':event-type') ?? null, unwrapped(event) ?? event);
  }
}

/** `{"bytes": "…"}` of `InvokeModelWithResponseStream`: the vendor's own event, in base64. */
function unwrapped({ bytes }: JsonObject): JsonObject | null {
  if (typeof bytes !== 'string') return null;
  const body = parseJson(Buffer.from(bytes, 'base64').toString());
  return isObject(body) ? body : null;
}
