import { claudeModelOf, type ClaudeModel } from '../dialects/anthropic-messages/claude-models.catalog.js';
import type { ModelEntry } from '../model-catalog.js';

/** After docs.aws.amazon.com/bedrock (supported models, features by model), read in November 2026. */
export const BEDROCK_MODELS: readonly ModelEntry[] = [
  {
    id: 'us.anthropic.claude-opus-4-6-v1',
    maxOutputTokens: 128_000,
    capabilities: ['tools', 'vision', 'json_schema', 'reasoning'],
  },
  {
    id: 'us.anthropic.claude-sonnet-4-6',
    maxOutputTokens: 64_000,
    capabilities: ['tools', 'vision', 'json_schema', 'reasoning'],
  },
  {
    id: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    maxOutputTokens: 64_000,
    capabilities: ['tools', 'vision', 'json_schema', 'reasoning'],
  },
  {
    id: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    maxOutputTokens: 64_000,
    capabilities: ['tools', 'vision', 'json_schema', 'reasoning'],
  },
  { id: 'us.amazon.nova-2-lite-v1:0', capabilities: ['tools', 'vision', 'reasoning'] },
  { id: 'us.amazon.nova-pro-v1:0', capabilities: ['tools', 'vision'] },
  { id: 'us.amazon.nova-micro-v1:0', capabilities: ['tools'] },
  { id: 'openai.gpt-oss-120b-1:0', capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: 'us.meta.llama4-maverick-17b-instruct-v1:0', capabilities: ['tools', 'vision'] },
  { id: 'qwen.qwen3-32b-v1:0', capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: 'moonshot.kimi-k2-thinking', capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: 'mistral.devstral-2-123b', capabilities: ['tools', 'json_schema'] },
  { id: 'google.gemma-3-27b-it', capabilities: ['vision', 'json_schema'] },
];

/**
 * How a family is told to reason. `claude`: its `thinking`; `effort`: `reasoning_effort`; `nova`: `reasoningConfig`; `config`:
 * `reasoning_config`, a word; `fixed`: it reasons or not, and nothing changes that.
 */
export type ReasoningSetting = 'claude' | 'effort' | 'nova' | 'config' | 'fixed';

/** What one family of models takes behind the one API. */
export interface BedrockFamily {
  /** Recognises the model's id without its region: `anthropic.claude-…`. */
  readonly pattern: RegExp;
  readonly reasoning: ReasoningSetting;
  /** Which tool choices beside `auto` it takes. */
  readonly toolChoices: readonly ('any' | 'tool')[];
  /** Takes `outputConfig.textFormat`. */
  readonly structuredOutputs: boolean;
  /** Where `cachePoint` may stand. */
  readonly cachePoints: 'anywhere' | 'outside tools' | 'nowhere';
  /** Where `top_k` goes among the model's own fields. */
  readonly topK: 'top_k' | 'inferenceConfig.topK';
  /** Takes tool call ids beyond letters, digits, `_` and `-`: its own hold `.` and `:`. */
  readonly looseToolIds: boolean;
}

/** A model and what is known of it. */
export interface BedrockModel extends BedrockFamily {
  /** Null for other families. */
  readonly claude: ClaudeModel | null;
}

const OTHER: Omit<BedrockFamily, 'pattern'> = {
  reasoning: 'fixed',
  toolChoices: [],
  structuredOutputs: false,
  cachePoints: 'nowhere',
  topK: 'top_k',
  looseToolIds: true,
};
const NOVA: Omit<BedrockFamily, 'pattern'> = {
  ...OTHER,
  toolChoices: ['any', 'tool'],
  cachePoints: 'outside tools',
  topK: 'inferenceConfig.topK',
};

/**
 * First match wins. After the Converse API's guide (tool choice, prompt caching, structured outputs by model), its types of
 * version 3.1164, and recorded answers (Gemma's schema, gpt-oss' effort, Qwen's `reasoning_config`), November 2026.
 */
const FAMILIES: readonly BedrockFamily[] = [
  {
    pattern: /^anthropic\./,
    reasoning: 'claude',
    toolChoices: ['any', 'tool'],
    structuredOutputs: true,
    cachePoints: 'anywhere',
    topK: 'top_k',
    looseToolIds: false,
  },
  { ...NOVA, pattern: /^amazon\.nova-(?:micro|lite|pro|premier|sonic|canvas|reel)/ },
  { ...NOVA, pattern: /^amazon\.nova-/, reasoning: 'nova' },
  { ...OTHER, pattern: /^openai\./, reasoning: 'effort', structuredOutputs: true },
  { ...OTHER, pattern: /^qwen\./, reasoning: 'config', structuredOutputs: true },
  { ...OTHER, pattern: /^deepseek\.r1/ },
  { ...OTHER, pattern: /^deepseek\./, reasoning: 'config', structuredOutputs: true },
  { ...OTHER, pattern: /^mistral\.mistral-large-2402/, toolChoices: ['any'] },
  { ...OTHER, pattern: /^mistral\.(?:mistral-7b|mixtral|mistral-small-2402|pixtral-large-2502)/ },
  { ...OTHER, pattern: /^mistral\./, toolChoices: ['any'], structuredOutputs: true },
  { ...OTHER, pattern: /^(?:google|minimax|moonshot|moonshotai|nvidia|zai)\./, structuredOutputs: true },
  { ...OTHER, pattern: /^(?:ai21|amazon|cohere|meta|writer)\./ },
];

/** A profile or deployment whose name says nothing: nothing is left out, and the provider judges. */
const UNKNOWN: BedrockFamily = {
  pattern: /^/,
  reasoning: 'effort',
  toolChoices: ['any', 'tool'],
  structuredOutputs: true,
  cachePoints: 'anywhere',
  topK: 'top_k',
  looseToolIds: true,
};

/** By a foundation model's id, an inference profile's (`us.`, `eu.`, `global.`), or an ARN that ends with one of these. */
export function bedrockModelOf(id: string): BedrockModel {
  const name = id.slice(id.lastIndexOf('/') + 1).replace(/^(?:us-gov|us|eu|apac|ap|jp|au|ca|sa|me|af|global)\./, '');
  const family = FAMILIES.find(({ pattern }) => pattern.test(name)) ?? UNKNOWN;
  const claude = family.reasoning === 'claude' ? claudeModelOf(name) : null;
  return {
    ...family,
    claude,
    ...(claude === null ? {} : { structuredOutputs: claude.structuredOutputs }),
  };
}
