import { z } from 'zod';
import { modelNameSchema } from './model-name.js';

/**
 * A chat completion request as callers send it. Loose: unknown fields travel on to the provider, and only what the gateway
 * itself reads is checked, so that a new field of OpenAI's works on the day it appears. A missing `type` is let through: several providers' own clients leave it out.
 */
const message = z.looseObject({
  role: z.string().min(1),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string().optional() }))]).nullish(),
  tool_calls: z.array(z.looseObject({ id: z.string().nullish() })).nullish(),
  tool_call_id: z.string().nullish(),
});

export const chatCompletionRequestSchema = z.looseObject({
  model: modelNameSchema,
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  n: z.int().positive().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().nullish(),
  tools: z.array(z.looseObject({ type: z.string().optional() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string().optional() })]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  reasoning_effort: z.string().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().nonnegative().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
});

export type ChatCompletionRequest = z.infer<typeof chatCompletionRequestSchema>;
export type ChatMessage = ChatCompletionRequest['messages'][number];
