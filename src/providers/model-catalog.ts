/** What is known of a model before it is called. An absent field means that nobody said. */
export interface ModelEntry {
  /** The model's id at the provider. */
  readonly id: string;
  /** Tokens of prompt and completion together. */
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  readonly capabilities: readonly ModelCapability[];
}

export type ModelCapability = 'tools' | 'vision' | 'audio' | 'json_schema' | 'reasoning' | 'embeddings';
