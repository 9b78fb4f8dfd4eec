import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

/** The results of an item `search_results`, in the order of their ids. */
export function readSearchResults(item: JsonObject): JsonObject[] {
  const results: unknown = item['results'];
  if (!Array.isArray(results)) return [];
  return results
    .filter(isObject)
    .filter((result) => isText(result['url']))
    .toSorted((a, b) => Number(a['id'] ?? 0) - Number(b['id'] ?? 0));
}

/** A text that cites `[7]` means the result with the id 7. */
export function citedResults(text: string, results: readonly JsonObject[]): JsonObject[] {
  if (results.length === 0) return [];
  const byId = new Map(results.map((result) => [String(result['id']), result]));
  return [...text.matchAll(/\[(\d{1,4})\]/g)].flatMap((match) => {
    const result = byId.get(match[1] ?? '');
    if (result === undefined) return [];
    const title = isText(result['title']) ? { title: result['title'] } : {};
    return [
      {
        type: 'url_citation',
        url_citation: {
          start_index: match.index,
          end_index: match.index + match[0].length,
          url: result['url'],
          ...title,
        },
      },
    ];
  });
}
