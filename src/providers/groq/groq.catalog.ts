import type { ModelEntry } from '../model-catalog.js';

/** After console.groq.com/docs/models, read in November 2026. */
export const GROQ_MODELS: readonly ModelEntry[] = [
  { id: 'openai/gpt-oss-120b', contextWindow: 131_072, capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: 'openai/gpt-oss-20b', contextWindow: 131_072, capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: 'qwen/qwen3-32b', contextWindow: 131_072, capabilities: ['tools', 'reasoning'] },
  { id: 'llama-3.3-70b-versatile', contextWindow: 131_072, capabilities: ['tools'] },
  { id: 'llama-3.1-8b-instant', contextWindow: 131_072, capabilities: ['tools'] },
];
