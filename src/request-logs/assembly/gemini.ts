import { isObject, itemAt, type JsonObject, objectsOf } from './json-object.js';

export const isGeminiEvent = (event: JsonObject): boolean => Array.isArray(event['candidates']);

/** The answer that the pieces of Gemini's `streamGenerateContent` amount to. */
export function assembleGemini(events: readonly JsonObject[]): JsonObject {
  const answer: JsonObject = {};
  const candidates: JsonObject[] = [];
  for (const { candidates: pieces, ...rest } of events) {
    Object.assign(answer, rest);
    for (const { content, index = 0, ...more } of objectsOf(pieces)) {
      const candidate = itemAt(candidates, index, { content: { role: 'model', parts: [] } });
      Object.assign(candidate, more);
      const whole = candidate['content'];
      if (isObject(content) && isObject(whole))
        whole['parts'] = joined([...objectsOf(whole['parts']), ...objectsOf(content['parts'])]);
    }
  }
  return { ...answer, candidates };
}

/** Texts that follow each other are one, thoughts and answers apart. What has more than a text stays as it is. */
function joined(parts: readonly JsonObject[]): JsonObject[] {
  const whole: JsonObject[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    if (last !== undefined && isText(last) && isText(part) && last['thought'] === part['thought'])
      whole[whole.length - 1] = { ...last, text: String(last['text']) + String(part['text']) };
    else whole.push(part);
  }
  return whole;
}

const isText = (part: JsonObject): boolean =>
  typeof part['text'] === 'string' && Object.keys(part).every((name) => name === 'text' || name === 'thought');
