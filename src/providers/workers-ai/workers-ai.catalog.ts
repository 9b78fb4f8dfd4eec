import type { ModelEntry } from '../model-catalog.js';

/** A few of many, after developers.cloudflare.com/workers-ai/models, read in November 2026. */
export const WORKERS_AI_MODELS: readonly ModelEntry[] = [
  { id: '@cf/openai/gpt-oss-120b', contextWindow: 128_000, capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: '@cf/meta/llama-3.3-70b-instruct-fp8-fast', contextWindow: 24_000, capabilities: ['tools', 'json_schema'] },
  { id: '@cf/meta/llama-3.1-8b-instruct', capabilities: ['json_schema'] },
];
