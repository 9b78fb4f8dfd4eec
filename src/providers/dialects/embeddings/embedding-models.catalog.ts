import type { ModelEntry } from '../../model-catalog.js';

const models = (...ids: readonly string[]): readonly ModelEntry[] =>
  ids.map((id) => ({ id, capabilities: ['embeddings'] }));

/** The well-known embedding models by provider, after their model pages, read in November 2026. Others can be asked for. */
export const EMBEDDING_MODELS = {
  openai: models('text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'),
  'azure-openai': models('text-embedding-3-small', 'text-embedding-3-large'),
  mistral: models('mistral-embed', 'codestral-embed'),
  fireworks: models('nomic-ai/nomic-embed-text-v1.5', 'accounts/fireworks/models/qwen3-embedding-8b'),
  openrouter: models('openai/text-embedding-3-small', 'openai/text-embedding-3-large'),
  'workers-ai': models('@cf/baai/bge-m3', '@cf/baai/bge-base-en-v1.5'),
  cohere: models('embed-v4.0', 'embed-multilingual-v3.0', 'embed-english-v3.0'),
  'google-ai-studio': models('gemini-embedding-2', 'gemini-embedding-001'),
  'google-vertex-ai': models('gemini-embedding-2', 'gemini-embedding-001', 'text-embedding-005'),
  'aws-bedrock': models('amazon.titan-embed-text-v2:0', 'cohere.embed-v4:0', 'cohere.embed-multilingual-v3'),
} as const;
