/** The values OpenAI's clients accept; others break typed ones. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call';

/**
 * Tokens a call used, in OpenAI's sense: cached and cache-written tokens lie inside `prompt_tokens`, reasoning tokens inside
 * `completion_tokens`. An absent detail means that the provider did not say.
 */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: {
    readonly cached_tokens?: number;
    /** Of those, the ones of sound. */
    readonly cached_audio_tokens?: number;
    readonly cache_write_tokens?: number;
    /** Of those, the ones that stay for an hour. */
    readonly cache_write_1h_tokens?: number;
    readonly audio_tokens?: number;
    readonly image_tokens?: number;
    readonly video_tokens?: number;
  };
  readonly completion_tokens_details?: {
    readonly reasoning_tokens?: number;
    readonly audio_tokens?: number;
    readonly image_tokens?: number;
    readonly accepted_prediction_tokens?: number;
    readonly rejected_prediction_tokens?: number;
  };
}
