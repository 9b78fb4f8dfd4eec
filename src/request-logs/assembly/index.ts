import { assembleMessage, isMessagesEvent } from './anthropic-messages.js';
import { assembleGemini, isGeminiEvent } from './gemini.js';
import { isObject, type JsonObject } from './json-object.js';
import { assembleChat, isChatChunk } from './openai-chat.js';
import { assembleResponse, isResponsesEvent } from './responses.js';

/** The kinds of streams whose answers can be put together: by an event that only they have. */
const KINDS: readonly (readonly [(event: JsonObject) => boolean, (events: readonly JsonObject[]) => JsonObject])[] = [
  [isChatChunk, assembleChat],
  [isMessagesEvent, assembleMessage],
  [isResponsesEvent, assembleResponse],
  [isGeminiEvent, assembleGemini],
];

/** The answer that a stream of server-sent events amounts to, however far it came; null where its kind is not known. */
export function assembleStream(stream: string): JsonObject | null {
  const events = stream
    .split(/\r?\n\r?\n/)
    .map(dataOf)
    .filter((event) => event !== null);
  const kind = KINDS.find(([isOfKind]) => events.some(isOfKind));
  return kind === undefined ? null : kind[1](events);
}

function dataOf(event: string): JsonObject | null {
  const data = event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
    .join('\n');
  try {
    const json: unknown = JSON.parse(data);
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}
