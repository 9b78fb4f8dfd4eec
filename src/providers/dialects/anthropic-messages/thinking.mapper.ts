import type { JsonObject } from '../openai-chat/json-value.js';
import type { ClaudeModel, Effort } from './claude-models.catalog.js';
import type { ThinkingWish } from './thinking-wish.js';

/** Tokens; the smallest budget Anthropic takes. */
const SMALLEST_BUDGET = 1024;
/** Tokens of thinking for an effort, on models that count them; `max` is as much as fits. */
const BUDGETS: Readonly<Record<Effort, number>> = {
  low: 1024,
  medium: 4096,
  high: 16_384,
  xhigh: 32_768,
  max: Number.POSITIVE_INFINITY,
};
/** Where thinking and the visible answer share the tokens, thinking leaves a fifth. */
const LARGEST_SHARE = 0.8;

/** Tokens an answer may have where the caller sets no limit; Anthropic demands one. */
const USUAL_ANSWER = 16_384;
const USUAL_THOUGHT_OUT_ANSWER = 32_768;

export interface OutputLimit {
  /** Tokens; undefined where the caller says nothing. */
  readonly tokens: number | undefined;
  /** Was it meant for the visible answer alone (`max_tokens`), or for thinking as well (`max_completion_tokens`)? */
  readonly isVisibleOnly: boolean;
}

/** What else of the request decides about thinking. */
export interface ThinkingSetting {
  /** Must the answer call a tool? While it thinks a model cannot be made to. */
  readonly isForced: boolean;
  /** Nothing can be thought through when the last turn lacks the thinking it began with, or is an answer already begun. */
  readonly isImpossible: boolean;
}

export interface Thinking {
  readonly thinking?: JsonObject;
  readonly effort?: Effort;
  readonly maxTokens: number;
}

/** The members that ask for thinking, by the model's generation, and the limit that goes with them. */
export function toThinking(
  wish: ThinkingWish,
  model: ClaudeModel,
  limit: OutputLimit,
  setting: ThinkingSetting,
): Thinking {
  const plain = limit.tokens ?? Math.min(model.maxOutputTokens, USUAL_ANSWER);
  if (wish.kind === 'unsaid' || model.thinking === 'none') return { maxTokens: plain };
  if (model.thinking === 'budget') return withBudget(wish, model, limit, setting, plain);
  if (model.thinking === 'adaptive-or-budget' && countsTokens(wish)) {
    return withBudget(wish, model, limit, setting, plain);
  }
  return adaptive(wish, model, limit, setting, plain);
}

const countsTokens = (wish: ThinkingWish): boolean =>
  wish.kind === 'budget' || (wish.kind === 'native' && wish.thinking['type'] === 'enabled');

function withBudget(
  wish: Exclude<ThinkingWish, { kind: 'unsaid' }>,
  model: ClaudeModel,
  limit: OutputLimit,
  { isForced, isImpossible }: ThinkingSetting,
  plain: number,
): Thinking {
  if (wish.kind === 'off') {
    return { ...(wish.from === 'thinking' ? { thinking: { type: 'disabled' } } : {}), maxTokens: plain };
  }
  if (isForced || isImpossible) return { maxTokens: plain };
  const wanted = wantedBudget(wish);
  const own = wish.kind === 'native' ? wish.thinking : {};
  if (wish.kind === 'native' && own['type'] === 'enabled') {
    // The caller's own budget stands; a limit that has no room for it was meant for what comes after.
    const isRoomy = limit.tokens !== undefined && limit.tokens > wanted;
    const tokens = isRoomy ? limit.tokens : Math.min(model.maxOutputTokens, wanted + (limit.tokens ?? USUAL_ANSWER));
    return { thinking: own, maxTokens: tokens };
  }
  const isShared = limit.tokens !== undefined && !limit.isVisibleOnly;
  const maxTokens = isShared ? plain : Math.min(model.maxOutputTokens, wanted + plain);
  const share = Math.floor(maxTokens * LARGEST_SHARE);
  const budget = Math.min(wanted, isShared ? share : Math.max(share, maxTokens - plain));
  if (budget < SMALLEST_BUDGET) return { maxTokens: plain };
  const hidden = 'hidden' in wish && wish.hidden ? { display: 'omitted' } : {};
  return { thinking: { type: 'enabled', budget_tokens: budget, ...hidden }, maxTokens };
}

function wantedBudget(wish: Exclude<ThinkingWish, { kind: 'unsaid' | 'off' }>): number {
  if (wish.kind === 'effort') return BUDGETS[wish.effort];
  if (wish.kind === 'budget') return Math.max(SMALLEST_BUDGET, wish.tokens);
  const tokens = wish.thinking['budget_tokens'];
  return typeof tokens === 'number' ? tokens : BUDGETS.high;
}

function adaptive(
  wish: Exclude<ThinkingWish, { kind: 'unsaid' }>,
  model: ClaudeModel,
  limit: OutputLimit,
  { isForced }: ThinkingSetting,
  plain: number,
): Thinking {
  const maxTokens = limit.tokens ?? Math.min(model.maxOutputTokens, USUAL_THOUGHT_OUT_ANSWER);
  if (wish.kind === 'off') {
    // Fable and Mythos always think; little is the nearest to not at all.
    return model.thinking === 'always'
      ? { effort: 'low', maxTokens }
      : { thinking: { type: 'disabled' }, maxTokens: plain };
  }
  if (wish.kind === 'native' && wish.thinking['type'] !== 'enabled') return { thinking: wish.thinking, maxTokens };
  const effort = nearestEffort(wish.kind === 'effort' ? wish.effort : effortOf(wantedBudget(wish)), model);
  if (isForced) return { effort, maxTokens };
  // Newer models give the text of their thinking only when they are asked for it.
  const display = 'hidden' in wish && wish.hidden ? 'omitted' : 'summarized';
  const own = wish.kind === 'native' && wish.thinking['display'] !== undefined ? wish.thinking['display'] : display;
  return { thinking: { type: 'adaptive', display: own }, effort, maxTokens };
}

/** The effort whose budget would be the nearest above. */
function effortOf(budget: number): Effort {
  if (budget <= BUDGETS.low) return 'low';
  if (budget <= BUDGETS.medium) return 'medium';
  return budget <= BUDGETS.high ? 'high' : 'xhigh';
}

/** 4.6 knows no `xhigh` but `max`; who knows neither gets `high`. */
function nearestEffort(effort: Effort, { efforts }: ClaudeModel): Effort {
  if (efforts.includes(effort)) return effort;
  return effort === 'xhigh' && efforts.includes('max') ? 'max' : 'high';
}
