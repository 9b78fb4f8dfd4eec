import type { JsonObject } from '../openai-chat/json-value.js';

/** Tells of a stream's events: all of them until its content has begun, then those that may say more than content. */
export interface EventReader {
  /** How many have come. */
  readonly events: number;
  push(bytes: Buffer, all: boolean): void;
}

/** Takes an event: its name and its JSON; null for `[DONE]`. */
export type OnEvent = (name: string | null, body: JsonObject | null) => void;
