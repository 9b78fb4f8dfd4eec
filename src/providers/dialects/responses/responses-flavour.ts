import type { ErrorRule } from '../openai-chat/chat-quirks.js';

/** What sets one service of the Responses wire apart, as data. */
export interface ResponsesFlavour {
  /** The origin of reasoning in `reasoning_details`; null where reasoning cannot be given back. */
  readonly reasoningFormat: string | null;
  /** Is the server told to keep nothing, and asked for encrypted reasoning in its stead? */
  readonly isStateless: boolean;
  /** Ask for summaries of the reasoning when an effort is given? */
  readonly summarises: boolean;
  /** Where `response_format` stands: in `text.format`, or at the top as in Chat Completions. */
  readonly formatIn: 'text' | 'top';
  /** The fewest tokens that `max_output_tokens` may be. */
  readonly minOutputTokens: number;
  /** What an image has besides its address, and whether files are read at all. */
  readonly takesImageDetail: boolean;
  readonly takesFiles: boolean;
  /** What an assistant said: as parts of output, or as a plain text. */
  readonly saidAs: 'parts' | 'text';
  /** Do calls have a signature that must come back with them (Gemini behind another service)? */
  readonly signsCalls: boolean;
  /** Some names are the provider's own: what a caller's tool is called there, and the way back. */
  readonly toWireName: (name: unknown) => unknown;
  readonly toCallerName: (name: unknown) => unknown;
  /** Is a call of this (wire) name one that the provider answers itself? It is none of the caller's then. */
  readonly isOwnCall: (name: unknown) => boolean;
}

/** OpenAI's and Azure's. */
export const OPENAI_RESPONSES: ResponsesFlavour = {
  reasoningFormat: 'openai-responses-v1',
  isStateless: true,
  summarises: true,
  formatIn: 'text',
  minOutputTokens: 16,
  takesImageDetail: true,
  takesFiles: true,
  saidAs: 'parts',
  signsCalls: false,
  toWireName: (name) => name,
  toCallerName: (name) => name,
  isOwnCall: () => false,
};

const INVALID = [
  'invalid_prompt',
  'context_length_exceeded',
  'invalid_image',
  'invalid_image_format',
  'invalid_base64_image',
  'invalid_image_url',
  'image_too_large',
  'image_too_small',
  'image_parse_error',
  'image_content_policy_violation',
  'invalid_image_mode',
  'image_file_too_large',
  'unsupported_image_media_type',
  'empty_image_file',
  'failed_to_download_image',
  'image_file_not_found',
];

/**
 * The codes of failed answers, which come with the status 200 (`ResponseError.code` of OpenAI's SDK 6.49, and those seen in
 * `error` events).
 */
export const RESPONSES_ERRORS: readonly ErrorRule[] = [
  { code: 'rate_limit_exceeded', to: { status: 429, type: 'requests' } },
  { code: 'insufficient_quota', to: { status: 429, type: 'insufficient_quota', retryable: false } },
  { status: 502, code: 'server_error', to: { status: 502, type: 'server_error' } },
  ...INVALID.map((code): ErrorRule => ({ code, to: { status: 400, type: 'invalid_request_error' } })),
];
