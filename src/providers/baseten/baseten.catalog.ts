import type { ModelEntry } from '../model-catalog.js';

/** After docs.baseten.co (Model APIs), read in November 2026. */
export const BASETEN_MODELS: readonly ModelEntry[] = [
  { id: 'openai/gpt-oss-120b', contextWindow: 131_072, capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: 'deepseek-ai/DeepSeek-V3.1', capabilities: ['tools', 'json_schema', 'reasoning'] },
];
