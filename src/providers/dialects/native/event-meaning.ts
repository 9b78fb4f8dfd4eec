import { isObject, type JsonObject } from '../openai-chat/json-value.js';

/** What an event is to whoever only wants to know whether there is content yet, and whether the stream was whole. */
export interface EventMeaning {
  readonly kind: 'preamble' | 'content' | 'end' | 'failure';
  /** It belongs to a kind of stream that says when it is over. */
  readonly needsEnd: boolean;
}

const PREAMBLE: EventMeaning = { kind: 'preamble', needsEnd: true };
const CONTENT: EventMeaning = { kind: 'content', needsEnd: true };
const END: EventMeaning = { kind: 'end', needsEnd: true };
const FAILURE: EventMeaning = { kind: 'failure', needsEnd: true };
/** Of kinds nobody here knows. */
const COUNTS: EventMeaning = { kind: 'preamble', needsEnd: false };
const OTHER: EventMeaning = { kind: 'content', needsEnd: false };

/** Events by their `type`: Anthropic's Messages, OpenAI's Responses, Cohere's chat, Bedrock's Converse (by its headers). */
const BY_TYPE: ReadonlyMap<string, EventMeaning> = new Map([
  ...['ping', 'message_start', 'content_block_start', 'content_block_stop', 'message_delta'].map(is(PREAMBLE)),
  ...['content_block_delta'].map(is(CONTENT)),
  ...['message_stop'].map(is(END)),

  ...['created', 'in_progress', 'queued', 'output_item.added', 'content_part.added']
    .map((name) => `response.${name}`)
    .map(is(PREAMBLE)),
  ...['response.completed', 'response.incomplete'].map(is(END)),
  ...['response.failed', 'error'].map(is(FAILURE)),

  ...['message-start', 'content-start'].map(is(PREAMBLE)),
  ...['message-end'].map(is(END)),

  ...['messageStart', 'contentBlockStart'].map(is(PREAMBLE)),
  ...['contentBlockDelta', 'contentBlockStop'].map(is(CONTENT)),
  ...['messageStop'].map(is(END)),
]);

function is(meaning: EventMeaning): (type: string) => [string, EventMeaning] {
  return (type) => [type, meaning];
}

/** @param body Null for `[DONE]`. */
export function meaningOf(name: string | null, body: JsonObject | null): EventMeaning {
  if (body === null) return END;
  const type = typeof body['type'] === 'string' ? body['type'] : name;
  if (type !== null) {
    const known = BY_TYPE.get(type) ?? (type.startsWith('response.') ? CONTENT : undefined);
    if (known !== undefined) return known;
  }
  const choices: unknown = body['choices'] ?? body['candidates'];
  if (Array.isArray(choices)) return ofChoices(choices);
  if (body['error'] !== undefined && body['error'] !== null) return FAILURE;
  // Workers AI's own form.
  if (hasText(body['response'])) return CONTENT;
  return isObject(body['usageMetadata']) || isObject(body['usage']) ? COUNTS : OTHER;
}

/** A chunk of OpenAI's chat, or of Gemini's. */
function ofChoices(choices: readonly unknown[]): EventMeaning {
  let meaning = PREAMBLE;
  for (const choice of choices.filter(isObject)) {
    if (hasText(choice['finish_reason'] ?? choice['finishReason'])) return END;
    const delta = choice['delta'] ?? choice['content'];
    if (isObject(delta) ? says(delta) : hasText(choice['text'])) meaning = CONTENT;
  }
  return meaning;
}

/** Anything beyond the role. */
const says = (delta: JsonObject): boolean =>
  Object.entries(delta).some(
    ([name, value]) =>
      name !== 'role' && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
  );

const hasText = (value: unknown): boolean => typeof value === 'string' && value !== '';
