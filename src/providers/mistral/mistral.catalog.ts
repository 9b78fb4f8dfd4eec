import type { ModelEntry } from '../model-catalog.js';

/** After docs.mistral.ai, read in November 2026. */
export const MISTRAL_MODELS: readonly ModelEntry[] = [
  { id: 'mistral-large-latest', capabilities: ['tools', 'vision', 'json_schema'] },
  { id: 'mistral-medium-latest', capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'mistral-small-latest', capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'magistral-medium-latest', capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'codestral-latest', capabilities: ['tools', 'json_schema'] },
  { id: 'voxtral-small-latest', capabilities: ['tools', 'audio'] },
];
