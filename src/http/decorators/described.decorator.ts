import { Reflector } from '@nestjs/core';
import type { z } from 'zod';

/** What the API's document says of a handler, where the handler's own metadata does not: on the data plane bodies are read as bytes. */
export interface Description {
  readonly summary: string;
  /** The request's body; null: any bytes. Absent: none. */
  readonly body?: z.ZodType | null;
  /** Media types of the answer; JSON, when absent. Empty: it only ever refuses. */
  readonly answers?: readonly string[];
}

export const Described = Reflector.createDecorator<Description>();
