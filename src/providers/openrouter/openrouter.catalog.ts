import type { ModelEntry } from '../model-catalog.js';

/** A few of some hundred: `GET https://openrouter.ai/api/v1/models` lists them all. */
export const OPENROUTER_MODELS: readonly ModelEntry[] = [
  { id: 'anthropic/claude-haiku-4.5', capabilities: ['tools', 'vision', 'reasoning'] },
  { id: 'openai/gpt-4o-mini', maxOutputTokens: 16_384, capabilities: ['tools', 'vision', 'json_schema'] },
  { id: 'openrouter/auto', capabilities: [] },
];
