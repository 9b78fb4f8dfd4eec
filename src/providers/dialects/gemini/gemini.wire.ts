import type {
  BlockedReason,
  Content,
  FinishReason,
  FunctionCallingConfigMode,
  FunctionDeclaration,
  GenerationConfig,
  Part,
  ThinkingConfig,
  Tool,
} from '@google/genai';
import type { JsonObject } from '../openai-chat/json-value.js';
import type { ThinkingLevelName } from './gemini-traits.catalog.js';

/**
 * Gemini's wire, after the types of @google/genai 2.32.0. That package writes small vocabularies as enums, which a text is not
 * assignable to, and a schema's whole numbers as texts, which the wire does not have: those members are said anew here.
 */

/** `data` in base64. */
export type GeminiPart = Pick<
  Part,
  'text' | 'thought' | 'thoughtSignature' | 'inlineData' | 'fileData' | 'functionCall' | 'functionResponse'
>;

export interface GeminiContent extends Omit<Content, 'role' | 'parts'> {
  readonly role: 'user' | 'model';
  readonly parts: readonly GeminiPart[];
}

export interface GeminiFunction extends Omit<FunctionDeclaration, 'parameters' | 'response' | 'behavior'> {
  /** A subset of OpenAPI's schema. */
  readonly parameters?: JsonObject;
}

export interface GeminiTool extends Omit<Tool, 'functionDeclarations'> {
  readonly functionDeclarations?: readonly GeminiFunction[];
}

export interface GeminiFunctionCalling {
  readonly mode: `${FunctionCallingConfigMode}`;
  readonly allowedFunctionNames?: readonly string[];
}

export interface GeminiToolConfig {
  readonly functionCallingConfig?: GeminiFunctionCalling;
  readonly includeServerSideToolInvocations?: boolean;
}

export interface GeminiThinking extends Omit<ThinkingConfig, 'thinkingLevel'> {
  readonly thinkingLevel?: ThinkingLevelName;
}

type PlainGeneration = Pick<
  GenerationConfig,
  | 'candidateCount'
  | 'frequencyPenalty'
  | 'logprobs'
  | 'maxOutputTokens'
  | 'presencePenalty'
  | 'responseJsonSchema'
  | 'responseLogprobs'
  | 'responseMimeType'
  | 'seed'
  | 'speechConfig'
  | 'stopSequences'
  | 'temperature'
  | 'topK'
  | 'topP'
>;

export interface GeminiGeneration extends PlainGeneration {
  readonly responseModalities?: readonly ('TEXT' | 'IMAGE' | 'AUDIO')[];
  readonly responseSchema?: JsonObject;
  readonly thinkingConfig?: GeminiThinking;
}

/** The body of `generateContent`; the model is in the path. */
export interface GeminiBody {
  readonly contents: readonly GeminiContent[];
  readonly systemInstruction?: { readonly parts: readonly GeminiPart[] };
  readonly tools?: readonly GeminiTool[];
  readonly toolConfig?: GeminiToolConfig;
  readonly generationConfig?: GeminiGeneration;
  readonly cachedContent?: string;
  readonly safetySettings?: unknown;
  readonly labels?: unknown;
  readonly serviceTier?: string;
}

/** Google's vocabulary; Model Armor's word is missing from the package. */
export type GeminiFinish = `${FinishReason}` | 'MODEL_ARMOR';
export type GeminiBlock = `${BlockedReason}`;
