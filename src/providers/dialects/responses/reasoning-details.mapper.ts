import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

const SUMMARY = 'reasoning.summary';
const ENCRYPTED = 'reasoning.encrypted';

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** The readable text of a reasoning item, one string a part: summaries where there are some, else the raw text. */
export function reasoningTexts(item: JsonObject): string[] {
  const textsOf = (parts: unknown): string[] =>
    objects(parts)
      .map((part) => part['text'])
      .filter(isText);
  const summary = textsOf(item['summary']);
  return summary.length > 0 ? summary : textsOf(item['content']);
}

/**
 * A reasoning item as `reasoning_details`, so that a client that echoes what it got gives the item back whole: its summaries in
 * turn, then what is encrypted, all with the item's id.
 *
 * @param index The item's place in the answer's output.
 * @param format Whose encryption it is; nothing of another origin is ever sent back.
 */
export function toReasoningDetails(item: JsonObject, index: number, format: string): JsonObject[] {
  const { id, encrypted_content: data } = item;
  const common = { ...(isText(id) ? { id } : {}), format, index };
  const summaries = objects(item['summary'])
    .filter((part) => isText(part['text']))
    .map((part) => ({ type: SUMMARY, summary: part['text'], ...common }));
  return [...summaries, ...(isText(data) ? [{ type: ENCRYPTED, data, ...common }] : [])];
}

/**
 * The reasoning items that an assistant message brings back, in their order. Only whole ones of this format: an item without its
 * encrypted content would be looked up at the provider, which has stored nothing.
 */
export function toReasoningItems(details: unknown, format: string): JsonObject[] {
  const items = new Map<unknown, { id: unknown; summary: JsonObject[]; data: unknown }>();
  for (const detail of objects(details)) {
    if (detail['format'] !== format) continue;
    const key = detail['id'] ?? detail['index'];
    const item = items.get(key) ?? { id: detail['id'], summary: [], data: undefined };
    items.set(key, item);
    if (detail['type'] === SUMMARY && isText(detail['summary']))
      item.summary.push({ type: 'summary_text', text: detail['summary'] });
    if (detail['type'] === ENCRYPTED && isText(detail['data'])) item.data = detail['data'];
  }
  return [...items.values()]
    .filter(({ data }) => data !== undefined)
    .map(({ id, summary, data }) => ({
      type: 'reasoning',
      ...(isText(id) ? { id } : {}),
      summary,
      encrypted_content: data,
    }));
}
