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
  /** Names of tools that the provider runs itself: calls of them are not the caller's. */
  readonly ownTools: ReadonlySet<string>;
}

/** OpenAI's and Azure's. */
export const OPENAI_RESPONSES: ResponsesFlavour = {
  reasoningFormat: 'openai-responses-v1',
  isStateless: true,
  summarises: true,
  formatIn: 'text',
  minOutputTokens: 16,
  ownTools: new Set(),
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
