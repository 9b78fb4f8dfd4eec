import type { ModelEntry } from '../model-catalog.js';

/** After cloud.google.com/vertex-ai/generative-ai/docs/models, read in November 2026. */
export const GOOGLE_VERTEX_AI_MODELS: readonly ModelEntry[] = [
  gemini('google/gemini-3.5-flash'),
  gemini('google/gemini-3.1-pro-preview'),
  gemini('google/gemini-3-flash-preview'),
  gemini('google/gemini-2.5-pro'),
  gemini('google/gemini-2.5-flash'),
  gemini('google/gemini-2.5-flash-lite'),
  claude('anthropic/claude-opus-4-6', 128_000),
  claude('anthropic/claude-sonnet-4-5@20250929', 64_000),
  claude('anthropic/claude-haiku-4-5@20251001', 64_000),
  { id: 'meta/llama-4-maverick-17b-128e-instruct-maas', capabilities: ['tools', 'vision'] },
];

function gemini(id: string): ModelEntry {
  return {
    id,
    contextWindow: 1_048_576,
    maxOutputTokens: 65_536,
    capabilities: ['tools', 'vision', 'audio', 'json_schema', 'reasoning'],
  };
}

function claude(id: string, maxOutputTokens: number): ModelEntry {
  return { id, maxOutputTokens, capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] };
}
