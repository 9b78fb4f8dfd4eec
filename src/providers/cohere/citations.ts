import type { Cited } from '../dialects/anthropic-messages/annotations.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';

/**
 * A citation of the answer. Sources with a URL are OpenAI's annotations; a citation that has none stays as Cohere says it.
 *
 * @param offset Where the content part that is cited begins in the whole text, in code points.
 */
export function toCited(citation: JsonObject, offset: number): Cited {
  const { start, end, sources, type } = citation;
  // Of a plan or of thinking, not of the answer's text.
  const isOfText = type === undefined || type === 'TEXT_CONTENT';
  if (typeof start !== 'number' || typeof end !== 'number' || !isOfText)
    return { annotations: [], citations: [citation] };
  const place = { start_index: offset + start, end_index: offset + end };
  const annotations = (Array.isArray(sources) ? sources : []).filter(isObject).flatMap(({ id, document }) => {
    const { url, title } = isObject(document) ? document : {};
    if (!isText(url) || !/^https?:\/\//i.test(url)) return [];
    return [{ type: 'url_citation', url_citation: { ...place, title: [title, id].find(isText) ?? url, url } }];
  });
  return { annotations, citations: annotations.length > 0 ? [] : [{ ...citation, ...place }] };
}
