import { z } from 'zod';
import { defineElement, elementIdSchema, reference } from '../route-element.js';

/** Where every call comes in. */
export const startElement = defineElement(
  'start',
  z.object({ id: elementIdSchema, type: z.literal('start'), outputs: z.object({ next: reference }) }),
  () => ({ kind: 'choice', choose: () => 'next' }),
);
