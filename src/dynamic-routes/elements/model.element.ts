import { z } from 'zod';
import { ERROR_CLASSES } from '../../common/errors/error-class.js';
import { canonicalSlug } from '../../common/provider-slugs.js';
import { defineElement, elementIdSchema, reference } from '../route-element.js';

const MAX_RETRIES = 9;
const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;
/** In a provider's place: `model` is another route's name. */
const ROUTES = 'dynamic';

const schema = z.object({
  id: elementIdSchema,
  type: z.literal('model'),
  properties: z.object({
    provider: z.string().min(1).max(128),
    model: z.string().min(1).max(512),
    /** Milliseconds until the first real content; 0: no limit. */
    timeout: z.int().min(0).max(MAX_TIMEOUT_MS).optional(),
    /** Tries after the first. */
    retries: z.int().min(0).max(MAX_RETRIES).optional(),
    /** Ours: the stored key to use. */
    keyAlias: z.string().min(1).max(64).optional(),
    /** Ours: `fallback` is taken after these failures only. */
    fallbackOn: z.array(z.enum(ERROR_CLASSES)).min(1).optional(),
  }),
  outputs: z.object({ success: reference, fallback: reference.optional() }),
});

/** Asks a model: `success` at its first real content, `fallback` when every try has failed. */
export const modelElement = defineElement('model', schema, ({ properties }, { report }) => {
  const { provider, model, timeout, retries, keyAlias } = properties;
  const fallbackOn = properties.fallbackOn === undefined ? null : new Set(properties.fallbackOn);
  if (provider !== ROUTES) {
    const target = {
      provider: canonicalSlug(provider),
      model,
      timeoutMs: timeout,
      maxAttempts: retries === undefined ? undefined : retries + 1,
      keyAlias,
    };
    return { kind: 'target', target, fallbackOn };
  }
  const own = { timeout: timeout ?? 0, retries: retries ?? 0, keyAlias };
  for (const [name, value] of Object.entries(own)) {
    if (value !== 0 && value !== undefined)
      report(['properties', name], 'is for a model: the elements of the other route have their own');
  }
  return { kind: 'route', name: model, fallbackOn };
});
