import { isObject, isText, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';
import { readExchanges, type RecordedExchange } from './fixtures.js';

/** Recorded exchanges with Gemini, read by the tests' own understanding of its wire: not by the code that is asked. */

/** Of `vertex` only Gemini's: Claude's answers there are another wire. */
export const geminiExchanges = (kinds: readonly string[]): readonly RecordedExchange[] =>
  ['google-ai-studio', 'vertex']
    .flatMap((folder) => readExchanges(folder, kinds))
    .filter(({ api, model }) => api === 'chat' && !(model ?? '').startsWith('claude'));

export const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** The responses of an exchange: of a stream one an event. */
export function responsesOf({ sse, body }: RecordedExchange): readonly JsonObject[] {
  if (sse === null) return Array.isArray(body) ? list(body) : list([body]);
  return sse
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line): unknown => JSON.parse(line.slice(5)))
    .filter(isObject);
}

export interface RecordedAnswer {
  readonly content: string;
  readonly reasoning: string;
  readonly calls: readonly { readonly name: string; readonly args: unknown }[];
  readonly images: number;
  readonly signatures: readonly string[];
  readonly finish: unknown;
  readonly blocked: boolean;
  /** Snapshots, of which the last of each field counts; null where no counts came. */
  readonly usage: JsonObject | null;
}

/** What the first candidate says. Arguments that came in pieces are not put together here: they are null. */
export function recordedAnswer(responses: readonly JsonObject[]): RecordedAnswer {
  const candidates = responses.flatMap(({ candidates: all }) => list(all)).filter(({ index }) => (index ?? 0) === 0);
  const parts = candidates.flatMap(({ content }) => (isObject(content) ? list(content['parts']) : []));
  const calls = parts.map((part) => part['functionCall']).filter(isObject);
  const usage: JsonObject = Object.assign({}, ...responses.map(({ usageMetadata }) => usageMetadata ?? {}));
  return {
    content: parts.map((part) => (part['thought'] === true ? '' : text(part['text']))).join(''),
    reasoning: parts.map((part) => (part['thought'] === true ? text(part['text']) : '')).join(''),
    calls: calls
      .filter((call) => isText(call['name']))
      .map((call) => ({
        name: text(call['name']),
        args: call['willContinue'] === true || 'partialArgs' in call ? null : (call['args'] ?? {}),
      })),
    images: parts.filter(
      (part) => isObject(part['inlineData']) && !text(part['inlineData']['mimeType']).startsWith('audio'),
    ).length,
    signatures: parts.map((part) => text(part['thoughtSignature'])).filter((signature) => signature !== ''),
    finish: candidates.map(({ finishReason }) => finishReason).findLast((reason) => reason !== undefined),
    blocked: responses.some(({ promptFeedback: feedback }) => isObject(feedback) && isText(feedback['blockReason'])),
    usage: ['promptTokenCount', 'candidatesTokenCount', 'totalTokenCount'].some((name) => name in usage) ? usage : null,
  };
}

/** Section 3.9 of the mapping: what OpenAI's counts must be. */
export const expectedUsage = (usage: JsonObject) => ({
  prompt_tokens: count(usage['promptTokenCount']) + count(usage['toolUsePromptTokenCount']),
  completion_tokens: count(usage['candidatesTokenCount']) + count(usage['thoughtsTokenCount']),
  total_tokens: count(usage['totalTokenCount']),
});
