import type { Cited, TextRange } from '../dialects/anthropic-messages/annotations.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';

/**
 * A citation of the answer. What has a URL (the web, a search result) is one of OpenAI's annotations; a place in a document
 * stays as Bedrock says it, with the range of the text.
 */
export function toCited(citation: JsonObject, { start, end }: TextRange): Cited {
  const place = { start_index: start, end_index: end };
  const location = isObject(citation['location']) ? citation['location'] : {};
  const web = isObject(location['web']) ? location['web'] : {};
  const url = isText(web['url']) ? web['url'] : citation['source'];
  if (!isText(url) || !/^https?:\/\//i.test(url)) return { annotations: [], citations: [{ ...citation, ...place }] };
  const title = [citation['title'], web['domain']].find(isText) ?? url;
  return { annotations: [{ type: 'url_citation', url_citation: { ...place, title, url } }], citations: [] };
}
