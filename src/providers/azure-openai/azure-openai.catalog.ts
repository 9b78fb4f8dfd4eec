import type { ModelEntry } from '../model-catalog.js';

/**
 * Deployments are named by whoever made them; most bear the model's name. What is deployed most, after
 * learn.microsoft.com/azure/ai-foundry, read in November 2026.
 */
export const AZURE_OPENAI_MODELS: readonly ModelEntry[] = [
  { id: 'gpt-4o', maxOutputTokens: 16_384, capabilities: ['tools', 'vision', 'json_schema'] },
  { id: 'gpt-4o-mini', maxOutputTokens: 16_384, capabilities: ['tools', 'vision', 'json_schema'] },
  { id: 'gpt-4.1', maxOutputTokens: 32_768, capabilities: ['tools', 'vision', 'json_schema'] },
  { id: 'gpt-4.1-mini', maxOutputTokens: 32_768, capabilities: ['tools', 'vision', 'json_schema'] },
  { id: 'o3', maxOutputTokens: 100_000, capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'o4-mini', maxOutputTokens: 100_000, capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'gpt-5', maxOutputTokens: 128_000, capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'gpt-5-mini', maxOutputTokens: 128_000, capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'gpt-5.2', maxOutputTokens: 128_000, capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
];
