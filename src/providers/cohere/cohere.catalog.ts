import type { ModelEntry } from '../model-catalog.js';

/** After docs.cohere.com (models, reasoning, structured outputs), read in November 2026. */
export const COHERE_MODELS: readonly ModelEntry[] = [
  {
    id: 'command-a-plus-05-2026',
    capabilities: ['tools', 'vision', 'json_schema', 'reasoning'],
  },
  {
    id: 'command-a-reasoning-08-2025',
    contextWindow: 256_000,
    maxOutputTokens: 32_000,
    capabilities: ['tools', 'json_schema', 'reasoning'],
  },
  { id: 'command-a-vision-07-2025', contextWindow: 128_000, maxOutputTokens: 8000, capabilities: ['vision'] },
  {
    id: 'command-a-03-2025',
    contextWindow: 256_000,
    maxOutputTokens: 8000,
    capabilities: ['tools', 'json_schema'],
  },
  {
    id: 'command-r-plus-08-2024',
    contextWindow: 128_000,
    maxOutputTokens: 4000,
    capabilities: ['tools', 'json_schema'],
  },
  { id: 'command-r-08-2024', contextWindow: 128_000, maxOutputTokens: 4000, capabilities: ['tools', 'json_schema'] },
  { id: 'command-r7b-12-2024', contextWindow: 128_000, maxOutputTokens: 4000, capabilities: ['tools', 'json_schema'] },
];

/** These refuse `thinking`. A model nobody has seen is taken for one of the newest, which take it. */
export const WITHOUT_THINKING =
  /^(?:command-a-(?:03|vision|translate)|command-r|command(?:-light|-nightly)?$|c4ai|aya|tiny-aya)/i;
