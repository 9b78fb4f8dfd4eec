import type { ModelEntry } from '../model-catalog.js';

/** Of the Agent API, after docs.perplexity.ai, read in November 2026; those of other vendors are called by `{vendor}/{model}`. */
export const PERPLEXITY_MODELS: readonly ModelEntry[] = [
  { id: 'perplexity/sonar', capabilities: ['tools', 'vision', 'json_schema'] },
  { id: 'sonar', capabilities: ['tools', 'vision', 'json_schema'] },
  { id: 'sonar-pro', capabilities: ['tools', 'vision', 'json_schema'] },
  { id: 'sonar-reasoning-pro', capabilities: ['tools', 'vision', 'json_schema', 'reasoning'] },
  { id: 'sonar-deep-research', capabilities: ['tools', 'json_schema', 'reasoning'] },
];

/** What stands for a model of the Sonar endpoint, which closed on 2026-09-27 (docs.perplexity.ai, migration guide). */
export interface Successor {
  readonly model?: string;
  readonly preset?: string;
  /** Sent unless the caller chooses one. */
  readonly effort?: string;
}

export const SUCCESSORS: Readonly<Record<string, Successor>> = {
  sonar: { model: 'perplexity/sonar' },
  'sonar-pro': { preset: 'low' },
  'sonar-reasoning': { preset: 'low', effort: 'medium' },
  'sonar-reasoning-pro': { preset: 'low', effort: 'medium' },
  'sonar-deep-research': { preset: 'medium' },
};
