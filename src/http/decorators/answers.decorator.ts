import { Reflector } from '@nestjs/core';
import type { z } from 'zod';

/** What a control-plane handler answers as the envelope's `result`: the API's document says it, and tests hold answers against it. */
export const Answers = Reflector.createDecorator<z.ZodType>();
