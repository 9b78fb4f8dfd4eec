import type { ModelEntry } from '../model-catalog.js';

/** After docs.parallel.ai, read in November 2026. All but `speed` search the web for seconds to minutes. */
export const PARALLEL_MODELS: readonly ModelEntry[] = [
  { id: 'speed', capabilities: ['json_schema'] },
  { id: 'lite', capabilities: ['json_schema'] },
  { id: 'base', capabilities: ['json_schema'] },
  { id: 'core', capabilities: ['json_schema'] },
];
