import type { ModelEntry } from '../model-catalog.js';

/** docs/providers.md says what each does. */
export const SANDBOX_MODELS: readonly ModelEntry[] = [
  { id: 'echo', capabilities: ['tools', 'json_schema'] },
  { id: 'slow', capabilities: ['tools', 'json_schema'] },
  { id: 'cut', capabilities: [] },
  { id: 'error-400', capabilities: [] },
  { id: 'error-401', capabilities: [] },
  { id: 'error-429', capabilities: [] },
  { id: 'error-500', capabilities: [] },
  { id: 'error-503', capabilities: [] },
];
