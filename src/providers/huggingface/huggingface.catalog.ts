import type { ModelEntry } from '../model-catalog.js';

/** A few of many; `:fastest`, `:cheapest` or `:{provider}` after the id chooses the host. */
export const HUGGINGFACE_MODELS: readonly ModelEntry[] = [
  { id: 'openai/gpt-oss-120b', contextWindow: 131_072, capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: 'meta-llama/Llama-3.3-70B-Instruct', contextWindow: 131_072, capabilities: ['tools'] },
  { id: 'moonshotai/Kimi-K2-Instruct-0905', capabilities: ['tools'] },
];
