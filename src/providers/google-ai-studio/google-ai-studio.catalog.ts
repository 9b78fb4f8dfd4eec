import type { ModelEntry } from '../model-catalog.js';

/** After ai.google.dev/gemini-api/docs/models, read in November 2026. */
export const GOOGLE_AI_STUDIO_MODELS: readonly ModelEntry[] = [
  model('gemini-3.5-flash'),
  model('gemini-3.1-pro-preview'),
  model('gemini-3-pro-preview'),
  model('gemini-3-flash-preview'),
  model('gemini-2.5-pro'),
  model('gemini-2.5-flash'),
  model('gemini-2.5-flash-lite'),
  { id: 'gemini-2.5-flash-image', contextWindow: 65_536, maxOutputTokens: 32_768, capabilities: ['vision'] },
  {
    id: 'gemini-2.0-flash',
    contextWindow: 1_048_576,
    maxOutputTokens: 8192,
    capabilities: ['tools', 'vision', 'audio', 'json_schema'],
  },
];

function model(id: string): ModelEntry {
  return {
    id,
    contextWindow: 1_048_576,
    maxOutputTokens: 65_536,
    capabilities: ['tools', 'vision', 'audio', 'json_schema', 'reasoning'],
  };
}
