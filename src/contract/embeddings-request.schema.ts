import { z } from 'zod';
import { modelNameSchema } from './model-name.js';

const tokens = z.array(z.int().nonnegative()).min(1);

/** An embeddings request as callers send it. Loose: unknown fields travel on to the providers that know them. */
export const embeddingsRequestSchema = z.looseObject({
  model: modelNameSchema,
  /** A text, texts, or the tokens of one or several: OpenAI's four forms. */
  input: z.union([z.string().min(1), z.array(z.string()).min(1), tokens, z.array(tokens).min(1)]),
  /** Absent means `float`. OpenAI's SDKs ask for `base64` unless told otherwise. */
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().positive().nullish(),
});

export type EmbeddingsRequest = z.infer<typeof embeddingsRequestSchema>;
