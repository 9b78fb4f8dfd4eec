import { z } from 'zod';
import { modelNameSchema } from './model-name.js';

/** A request in a dialect that travels as it is: of the rest its provider is the judge. */
export const dialectRequestSchema = z.looseObject({
  model: modelNameSchema,
  stream: z.boolean().nullish(),
});

export type DialectRequest = z.infer<typeof dialectRequestSchema>;
