import { ownMember } from '../../../common/own-member.js';
import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { ClaudeModel, Effort } from './claude-models.catalog.js';
import { invalid, unsupported, type Refuser } from './unsupported.js';

/** How much thinking the caller wants, in whichever of the three forms they said it. */
export type ThinkingWish =
  | { readonly kind: 'unsaid' }
  | { readonly kind: 'off'; readonly from: ThinkingField }
  | { readonly kind: 'effort'; readonly effort: Effort; readonly from: ThinkingField; readonly hidden: boolean }
  | { readonly kind: 'budget'; readonly tokens: number; readonly from: ThinkingField; readonly hidden: boolean }
  /** Anthropic's own object, with a budget where it has one. */
  | { readonly kind: 'native'; readonly thinking: JsonObject; readonly from: 'thinking' };

type ThinkingField = 'reasoning_effort' | 'reasoning' | 'thinking';

const EFFORTS: Readonly<Record<string, Effort | 'none'>> = {
  none: 'none',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
  max: 'max',
};

/** Anthropic's `thinking` counts before OpenRouter's `reasoning`, and that before OpenAI's `reasoning_effort`. */
export function toThinkingWish(request: ChatCompletionRequest, model: ClaudeModel, refuser: Refuser): ThinkingWish {
  const wish = read(request, refuser);
  if (model.thinking !== 'none' || wish.kind === 'unsaid' || wish.kind === 'off') return wish;
  throw unsupported(wish.from, 'The model does not think: leave it out, or ask a newer Claude.', refuser);
}

function read(request: ChatCompletionRequest, refuser: Refuser): ThinkingWish {
  const { thinking, reasoning, reasoning_effort: effort } = request;
  if (isObject(thinking)) {
    return thinking['type'] === 'disabled'
      ? { kind: 'off', from: 'thinking' }
      : { kind: 'native', thinking, from: 'thinking' };
  }
  if (isObject(reasoning)) return readReasoning(reasoning, refuser);
  return isText(effort) ? fromEffort(effort, 'reasoning_effort', false, refuser) : { kind: 'unsaid' };
}

function readReasoning(reasoning: JsonObject, refuser: Refuser): ThinkingWish {
  const hidden = reasoning['exclude'] === true;
  const { effort, max_tokens: tokens, enabled } = reasoning;
  if (enabled === false) return { kind: 'off', from: 'reasoning' };
  if (typeof tokens === 'number' && tokens > 0) return { kind: 'budget', tokens, from: 'reasoning', hidden };
  if (isText(effort)) return fromEffort(effort, 'reasoning', hidden, refuser);
  return enabled === true ? { kind: 'effort', effort: 'medium', from: 'reasoning', hidden } : { kind: 'unsaid' };
}

function fromEffort(text: string, from: ThinkingField, hidden: boolean, refuser: Refuser): ThinkingWish {
  const effort = ownMember(EFFORTS, text);
  if (effort === undefined) {
    throw invalid(from, `An effort is one of ${Object.keys(EFFORTS).join(', ')}; '${text}' is none.`, refuser);
  }
  return effort === 'none' ? { kind: 'off', from } : { kind: 'effort', effort, from, hidden };
}
