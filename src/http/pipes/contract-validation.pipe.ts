import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';

import { type InputIssue, inputError, type PlatformError } from '../../common/errors/platform-error.js';
import { isStorable } from '../../common/storable.js';
import { toInputIssues } from '../../contract/platform-error-body.js';

/** Which part of a request; `query` and `body` are whole, a path parameter is named. */
type Part = 'body' | 'query' | readonly ['params', string];

/**
 * Checks one part of a control-plane request with its schema and hands on what the schema knows: a field nobody knows is
 * dropped here, and so never reaches a row. Throws 400/7001 naming each place that is wrong, or what `toError` makes of it.
 */
export class ContractValidationPipe<T extends z.ZodType> implements PipeTransform<unknown, z.output<T>> {
  constructor(
    readonly part: Part,
    readonly schema: T,
    private readonly toError: (...issues: InputIssue[]) => PlatformError = inputError,
  ) {}

  transform(value: unknown): z.output<T> {
    const path = typeof this.part === 'string' ? [this.part] : this.part;
    const parsed = this.schema.safeParse(value);
    if (!parsed.success) {
      throw this.toError(...toInputIssues(parsed.error, path));
    }
    const unstorable = findUnstorable(parsed.data, path);
    if (unstorable !== null)
      throw this.toError({ path: unstorable, reason: 'holds a character that cannot be stored' });
    return parsed.data;
  }
}

/** The place of a string, or a key, that no database takes. Schemas bound the depth of what they let through. */
function findUnstorable(value: unknown, path: readonly (string | number)[]): readonly (string | number)[] | null {
  if (typeof value === 'string') return isStorable(value) ? null : path;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, item] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    const found = isStorable(key) ? findUnstorable(item, at) : path;
    if (found !== null) return found;
  }
  return null;
}
