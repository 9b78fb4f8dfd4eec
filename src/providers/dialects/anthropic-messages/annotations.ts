import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

/** Where in the joined content a cited text stands: code points from its beginning, the end not included. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export interface Cited {
  /** OpenAI's `annotations`: what has a URL. */
  readonly annotations: readonly JsonObject[];
  /** Anthropic's citations of documents, with the range of the text: OpenAI has no word for them. */
  readonly citations: readonly JsonObject[];
}

/** The citations of one text block. */
export function toCited(citations: readonly unknown[], range: TextRange): Cited {
  const place = { start_index: range.start, end_index: range.end };
  const objects = citations.filter(isObject);
  return {
    annotations: objects.flatMap((citation) => {
      const url = urlOf(citation);
      if (url === null) return [];
      const title = isText(citation['title']) ? citation['title'] : url;
      return [{ type: 'url_citation', url_citation: { ...place, title, url } }];
    }),
    citations: objects.filter((citation) => urlOf(citation) === null).map((citation) => ({ ...citation, ...place })),
  };
}

/** A web page's, or that of a search result the caller gave. */
function urlOf({ type, url, source }: JsonObject): string | null {
  if (type === 'web_search_result_location' && isText(url)) return url;
  return type === 'search_result_location' && isText(source) && /^https?:\/\//i.test(source) ? source : null;
}

export const codePoints = (text: string): number => {
  let count = 0;
  for (const _character of text) count++;
  return count;
};

/** The members of a message or delta that hold citations; none where there are none. */
export const citedMembers = (cited: readonly Cited[]): JsonObject => {
  const annotations = cited.flatMap((each) => each.annotations);
  const citations = cited.flatMap((each) => each.citations);
  return {
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(citations.length === 0 ? {} : { citations }),
  };
};
