import type { ModelEntry } from '../model-catalog.js';

/** After api-docs.deepseek.com, read in November 2026; `deepseek-chat` and `deepseek-reasoner` ended in July 2026. */
export const DEEPSEEK_MODELS: readonly ModelEntry[] = [
  { id: 'deepseek-flash', capabilities: ['tools', 'reasoning'] },
  { id: 'deepseek-v4-flash', capabilities: ['tools', 'reasoning'] },
  { id: 'deepseek-v4-pro', capabilities: ['tools', 'reasoning'] },
];
