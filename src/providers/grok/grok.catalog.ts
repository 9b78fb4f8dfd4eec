import type { ModelEntry } from '../model-catalog.js';

/** After docs.x.ai, read in November 2026. */
export const GROK_MODELS: readonly ModelEntry[] = [
  { id: 'grok-4.7', capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'grok-4.6', capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'grok-4.5', capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'grok-4.3', capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'grok-code-fast-1', capabilities: ['tools', 'json_schema', 'reasoning'] },
];
