import type { ModelEntry } from '../model-catalog.js';

/** A few of many, after fireworks.ai/models, read in November 2026. */
export const FIREWORKS_MODELS: readonly ModelEntry[] = [
  {
    id: 'accounts/fireworks/models/gpt-oss-120b',
    contextWindow: 131_072,
    capabilities: ['tools', 'json_schema', 'reasoning'],
  },
  {
    id: 'accounts/fireworks/models/llama-v3p3-70b-instruct',
    contextWindow: 131_072,
    capabilities: ['tools', 'json_schema'],
  },
];
