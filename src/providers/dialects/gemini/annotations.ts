import type { GroundingSupport } from '@google/genai';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

/** OpenAI's citation. Indices count characters of the message's content, as JavaScript does. */
export interface UrlAnnotation {
  readonly type: 'url_citation';
  readonly url_citation: {
    readonly url: string;
    readonly title: string;
    readonly start_index: number;
    readonly end_index: number;
  };
}

type SupportMember = keyof GroundingSupport;

const member = (support: JsonObject, name: SupportMember): unknown => support[name];

/**
 * Google's grounding as citations. Its segments count bytes of one part's text; a source that no segment points to is cited for
 * no place (0 to 0).
 *
 * @param texts The visible texts of the candidate's parts, in order; in a stream all of them as one.
 */
export function toAnnotations(grounding: unknown, texts: readonly TextPart[]): readonly UrlAnnotation[] {
  if (!isObject(grounding)) return [];
  const chunks: readonly unknown[] = Array.isArray(grounding['groundingChunks']) ? grounding['groundingChunks'] : [];
  const sources = chunks.map(sourceOf);
  const supports = Array.isArray(grounding['groundingSupports']) ? grounding['groundingSupports'].filter(isObject) : [];
  const cited = new Set<number>();
  const annotations = supports.flatMap((support) => {
    const place = placeOf(member(support, 'segment'), texts);
    const indices = member(support, 'groundingChunkIndices');
    return (Array.isArray(indices) ? indices : []).flatMap((index: unknown): UrlAnnotation[] => {
      const source = typeof index === 'number' ? sources[index] : undefined;
      if (source == null || typeof index !== 'number') return [];
      cited.add(index);
      return [{ type: 'url_citation', url_citation: { ...source, ...place } }];
    });
  });
  const uncited = sources.flatMap((source, index): UrlAnnotation[] =>
    source === null || cited.has(index)
      ? []
      : [{ type: 'url_citation', url_citation: { ...source, start_index: 0, end_index: 0 } }],
  );
  return [...annotations, ...uncited];
}

/** A part's visible text, by the part's position in the candidate. */
export interface TextPart {
  readonly partIndex: number;
  readonly text: string;
}

function sourceOf(chunk: unknown): { readonly url: string; readonly title: string } | null {
  if (!isObject(chunk)) return null;
  const from = [chunk['web'], chunk['retrievedContext'], chunk['maps']].find(isObject);
  if (from === undefined || !isText(from['uri'])) return null;
  return { url: from['uri'], title: isText(from['title']) ? from['title'] : '' };
}

function placeOf(
  segment: unknown,
  texts: readonly TextPart[],
): { readonly start_index: number; readonly end_index: number } {
  const of = (name: string): number => (isObject(segment) && typeof segment[name] === 'number' ? segment[name] : 0);
  const partIndex = of('partIndex');
  const at = Math.max(
    texts.findIndex((part) => part.partIndex === partIndex),
    0,
  );
  const before = texts.slice(0, at).reduce((sum, { text }) => sum + text.length, 0);
  const bytes = Buffer.from(texts[at]?.text ?? '');
  const characters = (offset: number): number => bytes.toString('utf8', 0, Math.min(offset, bytes.length)).length;
  return { start_index: before + characters(of('startIndex')), end_index: before + characters(of('endIndex')) };
}
