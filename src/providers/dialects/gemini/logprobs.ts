import type { LogprobsResult, LogprobsResultCandidate } from '@google/genai';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  /** Google does not give a token's bytes. */
  readonly bytes: null;
}

export interface Logprobs {
  readonly content: readonly (TokenLogprob & { readonly top_logprobs: readonly TokenLogprob[] })[];
  readonly refusal: null;
}

const member = (
  value: JsonObject,
  name: keyof LogprobsResult | keyof LogprobsResultCandidate | 'candidates',
): unknown => value[name];

const objects = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

function toToken(candidate: JsonObject): TokenLogprob {
  const [token, logprob] = [member(candidate, 'token'), member(candidate, 'logProbability')];
  return { token: isText(token) ? token : '', logprob: typeof logprob === 'number' ? logprob : 0, bytes: null };
}

/** `logprobsResult` in OpenAI's form, null when there is none. A probability of one has the logarithm zero, which the wire leaves out. */
export function toLogprobs(result: unknown): Logprobs | null {
  if (!isObject(result)) return null;
  const chosen = objects(member(result, 'chosenCandidates'));
  if (chosen.length === 0) return null;
  const top = objects(member(result, 'topCandidates'));
  return {
    content: chosen.map((candidate, index) => ({
      ...toToken(candidate),
      top_logprobs: objects(top[index] === undefined ? undefined : member(top[index], 'candidates')).map(toToken),
    })),
    refusal: null,
  };
}
