import type { ThinkingLevel } from '@google/genai';

/** How a model is told how much to think. Budgets in tokens. */
export type ThinkingTraits =
  | { readonly kind: 'none' }
  | { readonly kind: 'budget'; readonly min: number; readonly max: number; readonly canBeOff: boolean }
  | { readonly kind: 'level'; readonly levels: readonly ThinkingLevelName[] };

/** From least to most. */
export type ThinkingLevelName = Exclude<`${ThinkingLevel}`, 'THINKING_LEVEL_UNSPECIFIED'>;

/** What sets a generation of Gemini's models apart. */
export interface GeminiTraits {
  readonly thinking: ThinkingTraits;
  /** `json`: `parametersJsonSchema` and `responseJsonSchema`; `openapi`: the older fields with their subset of OpenAPI. */
  readonly schema: 'json' | 'openapi';
  /** Does it know the function calling mode VALIDATED? */
  readonly validates: boolean;
  /** Does it take a response schema, and Google's own tools, together with functions? */
  readonly combinesTools: boolean;
  /** Does it take a system instruction? */
  readonly system: boolean;
  /** Does a function's response take media beside its object? */
  readonly mediaInResults: boolean;
  /** Does it refuse a function call of the current turn without its thought signature? */
  readonly checksSignatures: boolean;
}

const GEMINI_2_5 = {
  schema: 'json',
  validates: true,
  combinesTools: false,
  system: true,
  mediaInResults: false,
  checksSignatures: false,
} as const;

const OLDER: GeminiTraits = {
  ...GEMINI_2_5,
  thinking: { kind: 'none' },
  schema: 'openapi',
  validates: false,
};

const GEMINI_3 = { ...GEMINI_2_5, combinesTools: true, mediaInResults: true, checksSignatures: true } as const;

const levels = (...names: ThinkingLevelName[]): ThinkingTraits => ({ kind: 'level', levels: names });

/** After ai.google.dev/gemini-api/docs/thinking and /models, November 2026. Matched from the name's start; the first that fits decides. */
const ROWS: readonly (readonly [prefix: RegExp, traits: GeminiTraits])[] = [
  [/^gemma-/, { ...OLDER, system: false }],
  // Those that make images or speech take no instruction.
  [/^gemini-2[^-]*-.*(?:image|tts)/, { ...OLDER, system: false }],
  [/^gemini-(?:1|2\.0|pro$|pro-vision)/, OLDER],
  [/^gemini-2\.5-flash-lite/, { ...GEMINI_2_5, thinking: { kind: 'budget', min: 512, max: 24_576, canBeOff: true } }],
  [/^gemini-2\.5-flash/, { ...GEMINI_2_5, thinking: { kind: 'budget', min: 1, max: 24_576, canBeOff: true } }],
  [/^gemini-2\.5-/, { ...GEMINI_2_5, thinking: { kind: 'budget', min: 128, max: 32_768, canBeOff: false } }],
  [/^gemini-3[^-]*-.*(?:image|tts)/, { ...GEMINI_3, thinking: { kind: 'none' } }],
  [/^gemini-3-pro/, { ...GEMINI_3, thinking: levels('LOW', 'HIGH') }],
  [/^gemini-(?:[^-]+-)?pro/, { ...GEMINI_3, thinking: levels('LOW', 'MEDIUM', 'HIGH') }],
  [/^gemini-3(?:\.[0-6])?-/, { ...GEMINI_3, thinking: levels('MINIMAL', 'LOW', 'MEDIUM', 'HIGH') }],
];

/** A model nobody has listed is taken for one of the newest generation. */
const NEWEST: GeminiTraits = { ...GEMINI_3, thinking: levels('LOW', 'MEDIUM', 'HIGH') };

/** @param model The id at Google, with or without `models/`. */
export function traitsOf(model: string): GeminiTraits {
  const name = model.replace(/^models\//, '');
  return ROWS.find(([prefix]) => prefix.test(name))?.[1] ?? NEWEST;
}
