import type { ModelCapability, ModelEntry } from '../model-catalog.js';

const SEES: readonly ModelCapability[] = ['tools', 'vision'];
const STRUCTURED: readonly ModelCapability[] = [...SEES, 'json_schema', 'reasoning'];

/** After platform.claude.com (models overview), read in November 2026. */
export const ANTHROPIC_MODELS: readonly ModelEntry[] = [
  { id: 'claude-opus-5-5', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-sonnet-5-5', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-haiku-5-5', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-fable-5', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-mythos-5', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-opus-5', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-sonnet-5', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-opus-4-8', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-opus-4-7', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-opus-4-6', maxOutputTokens: 128_000, capabilities: STRUCTURED },
  { id: 'claude-sonnet-4-6', maxOutputTokens: 64_000, capabilities: STRUCTURED },
  { id: 'claude-opus-4-5', maxOutputTokens: 64_000, capabilities: STRUCTURED },
  { id: 'claude-sonnet-4-5', maxOutputTokens: 64_000, capabilities: STRUCTURED },
  { id: 'claude-haiku-4-5', maxOutputTokens: 64_000, capabilities: STRUCTURED },
  { id: 'claude-opus-4-1', maxOutputTokens: 32_000, capabilities: STRUCTURED },
  { id: 'claude-sonnet-4-0', maxOutputTokens: 64_000, capabilities: [...SEES, 'reasoning'] },
  { id: 'claude-opus-4-0', maxOutputTokens: 32_000, capabilities: [...SEES, 'reasoning'] },
  { id: 'claude-3-7-sonnet-20250219', maxOutputTokens: 64_000, capabilities: [...SEES, 'reasoning'] },
  { id: 'claude-3-5-haiku-20241022', maxOutputTokens: 8192, capabilities: SEES },
  { id: 'claude-3-haiku-20240307', maxOutputTokens: 4096, capabilities: SEES },
];
