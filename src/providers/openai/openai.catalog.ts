import type { ModelEntry } from '../model-catalog.js';

const CHAT = ['tools', 'vision', 'json_schema'] as const;
const REASONING = ['tools', 'vision', 'json_schema', 'reasoning'] as const;

/** Output limits after the model pages, read in November 2026. Families: dated snapshots have their family's limits. */
export const OPENAI_MODELS: readonly ModelEntry[] = [
  { id: 'gpt-3.5-turbo', maxOutputTokens: 4_096, capabilities: ['tools'] },
  { id: 'gpt-4-turbo', maxOutputTokens: 4_096, capabilities: ['tools', 'vision'] },
  { id: 'gpt-4o', maxOutputTokens: 16_384, capabilities: CHAT },
  { id: 'gpt-4o-mini', maxOutputTokens: 16_384, capabilities: CHAT },
  { id: 'gpt-4.1', maxOutputTokens: 32_768, capabilities: CHAT },
  { id: 'gpt-4.1-mini', maxOutputTokens: 32_768, capabilities: CHAT },
  { id: 'gpt-4.1-nano', maxOutputTokens: 32_768, capabilities: CHAT },
  { id: 'o1', maxOutputTokens: 100_000, capabilities: REASONING },
  { id: 'o3', maxOutputTokens: 100_000, capabilities: REASONING },
  { id: 'o3-mini', maxOutputTokens: 100_000, capabilities: ['tools', 'json_schema', 'reasoning'] },
  { id: 'o4-mini', maxOutputTokens: 100_000, capabilities: REASONING },
  { id: 'gpt-5', maxOutputTokens: 128_000, capabilities: REASONING },
  { id: 'gpt-5-mini', maxOutputTokens: 128_000, capabilities: REASONING },
  { id: 'gpt-5-nano', maxOutputTokens: 128_000, capabilities: REASONING },
  // By /responses only.
  { id: 'gpt-5-pro', maxOutputTokens: 272_000, capabilities: REASONING },
  { id: 'gpt-5.1-codex', maxOutputTokens: 128_000, capabilities: REASONING },
  { id: 'gpt-5.1', maxOutputTokens: 128_000, capabilities: REASONING },
  { id: 'gpt-5.2', maxOutputTokens: 128_000, capabilities: REASONING },
  { id: 'gpt-5.4', maxOutputTokens: 128_000, capabilities: REASONING },
  { id: 'gpt-5.5', maxOutputTokens: 128_000, capabilities: REASONING },
];
