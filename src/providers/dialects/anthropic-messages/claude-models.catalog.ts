/** How a generation of Claude thinks: not at all, up to a budget of tokens, by its own judgement, or always. */
export type ThinkingMode = 'none' | 'budget' | 'adaptive-or-budget' | 'adaptive' | 'always';

export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** What one generation of Claude takes and gives, wherever it is served. */
export interface ClaudeModel {
  /** Recognises the model's name from `claude-` on. */
  readonly pattern: RegExp;
  /** Tokens. */
  readonly maxOutputTokens: number;
  /** `one`: temperature or top_p, not both. `none`: a value other than the default is a 400. */
  readonly sampling: 'free' | 'one' | 'none';
  readonly thinking: ThinkingMode;
  /** What `output_config.effort` may be; empty where the model has no such setting. */
  readonly efforts: readonly Effort[];
  /** Takes `output_config.format` and strict tools. */
  readonly structuredOutputs: boolean;
  /** Goes on with an answer that the caller has begun. */
  readonly prefill: boolean;
  /** Takes messages of the role `system` between the others. */
  readonly systemMessages: boolean;
}

const OLD = { thinking: 'none', efforts: [], structuredOutputs: false, prefill: true, systemMessages: false } as const;
const BUDGET = { ...OLD, thinking: 'budget' } as const;
const NEW = {
  maxOutputTokens: 128_000,
  sampling: 'none',
  thinking: 'adaptive',
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  structuredOutputs: true,
  prefill: false,
  systemMessages: true,
} as const;

/** What a Claude of a name nobody has seen is taken for. */
const NEWEST: ClaudeModel = { ...NEW, pattern: /^claude-/ };

/** A name that is no Claude's: a deployment, a stand-in. Nothing is left out, the provider judges. */
const UNKNOWN: ClaudeModel = { ...NEW, pattern: /^/, sampling: 'free', prefill: true };

/**
 * First match wins. After platform.claude.com (models, extended thinking, adaptive thinking, structured outputs), the SDK's
 * types of version 1.12 and recorded answers, November 2026.
 */
const CLAUDE_MODELS: readonly ClaudeModel[] = [
  {
    ...OLD,
    pattern: /^claude-(?:v?[12](?!\d)|instant|3-(?:haiku|opus|sonnet))/,
    maxOutputTokens: 4096,
    sampling: 'free',
  },
  { ...OLD, pattern: /^claude-3-5-/, maxOutputTokens: 8192, sampling: 'free' },
  { ...BUDGET, pattern: /^claude-3-7-/, maxOutputTokens: 64_000, sampling: 'free' },
  {
    ...BUDGET,
    pattern: /^claude-opus-4-1(?!\d)/,
    maxOutputTokens: 32_000,
    sampling: 'one',
    structuredOutputs: true,
  },
  { ...BUDGET, pattern: /^claude-opus-4(?:-0|-2025|@|$)/, maxOutputTokens: 32_000, sampling: 'free' },
  { ...BUDGET, pattern: /^claude-sonnet-4(?:-0|-2025|@|$)/, maxOutputTokens: 64_000, sampling: 'free' },
  {
    ...BUDGET,
    pattern: /^claude-opus-4-5/,
    maxOutputTokens: 64_000,
    sampling: 'one',
    structuredOutputs: true,
    efforts: ['low', 'medium', 'high'],
  },
  {
    ...BUDGET,
    pattern: /^claude-(?:sonnet|haiku)-4-5/,
    maxOutputTokens: 64_000,
    sampling: 'one',
    structuredOutputs: true,
  },
  {
    ...NEW,
    pattern: /^claude-opus-4-6/,
    sampling: 'one',
    thinking: 'adaptive-or-budget',
    efforts: ['low', 'medium', 'high', 'max'],
    systemMessages: false,
  },
  {
    ...NEW,
    pattern: /^claude-sonnet-4-6/,
    // The registry says 64,000, the documentation 128,000: what both allow.
    maxOutputTokens: 64_000,
    sampling: 'one',
    thinking: 'adaptive-or-budget',
    efforts: ['low', 'medium', 'high', 'max'],
    systemMessages: false,
  },
  { ...NEW, pattern: /^claude-(?:fable|mythos)-/, thinking: 'always' },
  NEWEST,
];

/** `us.anthropic.claude-sonnet-4-20250514-v1:0` and `claude-3-7-sonnet@20250219` are Claude as well. */
export function claudeModelOf(model: string): ClaudeModel {
  const at = model.indexOf('claude-');
  if (at === -1) return UNKNOWN;
  const name = model.slice(at);
  return CLAUDE_MODELS.find(({ pattern }) => pattern.test(name)) ?? NEWEST;
}
