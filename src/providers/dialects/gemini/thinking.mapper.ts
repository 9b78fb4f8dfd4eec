import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText } from '../openai-chat/json-value.js';
import type { GeminiTraits, ThinkingLevelName, ThinkingTraits } from './gemini-traits.catalog.js';
import type { GeminiThinking } from './gemini.wire.js';
import { unsupported, type GeminiContext } from './refusal.js';

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
type Effort = (typeof EFFORTS)[number];

/** What the caller wants of thinking, whichever of the fields it is said in. */
interface Wish {
  readonly param: string;
  readonly effort: Effort;
  /** Tokens, where the caller gave a number. */
  readonly budget?: number;
}

/** Google's own table, of its OpenAI layer. */
const BUDGETS: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
};

/** The level for an effort, and what stands in for it where the model lacks that. */
const LEVELS: Readonly<Record<Effort, readonly ThinkingLevelName[]>> = {
  none: ['MINIMAL', 'LOW'],
  minimal: ['MINIMAL', 'LOW'],
  low: ['LOW'],
  medium: ['MEDIUM', 'HIGH'],
  high: ['HIGH'],
  xhigh: ['HIGH'],
  max: ['HIGH'],
};

/**
 * `reasoning_effort`, OpenRouter's `reasoning` or Anthropic's `thinking` as a `thinkingConfig`; undefined when nothing was said.
 * Models from 3 on cannot be switched off: `none` is the least they have.
 */
export function toThinking(
  request: ChatCompletionRequest,
  { thinking }: GeminiTraits,
  context: GeminiContext,
): GeminiThinking | undefined {
  const wish = readWish(request, context);
  if (wish === null) return undefined;
  if (thinking.kind === 'level') return toLevel(wish.effort, thinking.levels);
  if (thinking.kind === 'budget') return toBudget(wish, thinking);
  if (wish.effort === 'none') return undefined;
  throw unsupported(wish.param, 'It does not think: leave it out, or ask a model from Gemini 2.5 on.', context);
}

function toBudget(
  { effort, budget }: Wish,
  { min, max, canBeOff }: Extract<ThinkingTraits, { kind: 'budget' }>,
): GeminiThinking {
  if (effort === 'none') return { thinkingBudget: canBeOff ? 0 : min };
  return { thinkingBudget: Math.min(Math.max(budget ?? BUDGETS[effort], min), max), includeThoughts: true };
}

function toLevel(effort: Effort, levels: readonly ThinkingLevelName[]): GeminiThinking {
  const level = LEVELS[effort].find((name) => levels.includes(name)) ?? levels[0] ?? 'HIGH';
  return { thinkingLevel: level, ...(effort === 'none' ? {} : { includeThoughts: true }) };
}

function readWish(request: ChatCompletionRequest, context: GeminiContext): Wish | null {
  const { reasoning, thinking } = request;
  const effort = request.reasoning_effort ?? null;
  if (effort !== null) return { param: 'reasoning_effort', effort: assertEffort('reasoning_effort', effort, context) };
  if (isObject(reasoning)) return readReasoning(reasoning, context);
  if (isObject(thinking)) {
    if (thinking['type'] === 'disabled') return { param: 'thinking', effort: 'none' };
    return { param: 'thinking', ...ofBudget(thinking['budget_tokens']) };
  }
  return null;
}

function readReasoning(reasoning: Readonly<Record<string, unknown>>, context: GeminiContext): Wish | null {
  const { effort, max_tokens: budget, enabled } = reasoning;
  if (enabled === false) return { param: 'reasoning', effort: 'none' };
  if (isText(effort)) return { param: 'reasoning', effort: assertEffort('reasoning', effort, context) };
  if (typeof budget === 'number') return { param: 'reasoning', ...ofBudget(budget) };
  return enabled === true ? { param: 'reasoning', effort: 'medium' } : null;
}

/** A number of tokens, also as the effort that comes nearest, for models with levels. */
function ofBudget(budget: unknown): Omit<Wish, 'param'> {
  if (typeof budget !== 'number') return { effort: 'medium' };
  if (budget <= 0) return { effort: 'none' };
  return { effort: budget <= BUDGETS.low ? 'low' : budget <= BUDGETS.medium ? 'medium' : 'high', budget };
}

function assertEffort(param: string, value: string, context: GeminiContext): Effort {
  const effort = EFFORTS.find((name) => name === value);
  if (effort === undefined) throw unsupported(param, `Use one of ${EFFORTS.join(', ')}.`, context);
  return effort;
}
