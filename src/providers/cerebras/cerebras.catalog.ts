import type { ModelEntry } from '../model-catalog.js';

/** After inference-docs.cerebras.ai, read in November 2026. */
export const CEREBRAS_MODELS: readonly ModelEntry[] = [
  { id: 'gpt-oss-120b', contextWindow: 131_072, capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: 'zai-glm-4.7', contextWindow: 131_072, capabilities: ['tools', 'json_schema', 'reasoning'] },
];
