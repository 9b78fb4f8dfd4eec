/** Canonical slugs: what URLs, model names, stored keys and logs say. */
export const PROVIDER_SLUGS = [
  'adobe-firefly',
  'anthropic',
  'aws-bedrock',
  'azure-openai',
  'baseten',
  'cartesia',
  'cerebras',
  'cohere',
  'deepgram',
  'deepseek',
  'elevenlabs',
  'fal',
  'fireworks',
  'google-ai-studio',
  'google-vertex-ai',
  'grok',
  'groq',
  'huggingface',
  'ideogram',
  'mistral',
  'openai',
  'openrouter',
  'parallel',
  'perplexity-ai',
  'replicate',
  'sandbox',
  'workers-ai',
] as const;

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['azure', 'azure-openai'],
  ['bedrock', 'aws-bedrock'],
  ['google', 'google-ai-studio'],
  ['google-vertex', 'google-vertex-ai'],
  ['perplexity', 'perplexity-ai'],
  ['vertex', 'google-vertex-ai'],
  ['xai', 'grok'],
]);

const KNOWN: ReadonlySet<string> = new Set(PROVIDER_SLUGS);
const CUSTOM = /^custom-[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** `google` ─▶ `google-ai-studio`; a slug that is no alias stays as it is, known or not. */
export const canonicalSlug = (slug: string): string => ALIASES.get(slug) ?? slug;

/** Is this (canonical) slug a provider's, or shaped like a custom provider's (`custom-{slug}`)? */
export const isProviderSlug = (slug: string): boolean => KNOWN.has(slug) || CUSTOM.test(slug);
