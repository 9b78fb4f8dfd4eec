import { z } from 'zod';

/** The longest that any provider has: the ARN of an inference profile at Bedrock. Names are searched in, remembered and logged. */
export const MAX_MODEL_NAME = 2_048;

/** `{provider}/{model}`, `dynamic/{route}`, or a name alone. */
export const modelNameSchema = z.string().min(1).max(MAX_MODEL_NAME);
