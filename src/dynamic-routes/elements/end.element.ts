import { z } from 'zod';
import { defineElement, elementIdSchema } from '../route-element.js';

/** Gives the caller the answer of the last model that had one, else an error. */
export const endElement = defineElement(
  'end',
  z.object({ id: elementIdSchema, type: z.literal('end'), outputs: z.object({}) }),
  () => ({ kind: 'end' }),
);
