import { z } from 'zod';

import type { PageRequest } from '../common/page.js';
import { canonicalSlug, isProviderSlug } from '../common/provider-slugs.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';

/** A gateway's id: in URLs and in secrets' names. */
export const gatewayIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z0-9_]+(?:-[a-z0-9_]+)*$/, 'may hold lower-case letters, digits, "_" and single inner dashes');

/** What stands behind a gateway's id in a URL: a provider, by any of its slugs, or `compat`. */
export const surfaceSchema = z
  .string()
  .max(128)
  .transform(canonicalSlug)
  .refine((slug) => slug === 'compat' || isProviderSlug(slug), 'is no provider, nor "compat"');

/** The id of anything else: opaque to callers. */
export const opaqueIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is no id');

export const gatewayIdParam = new ContractValidationPipe(['params', 'gateway_id'], gatewayIdSchema);

/** A path parameter that holds an opaque id. */
export const idParam = (name: string) => new ContractValidationPipe(['params', name], opaqueIdSchema);

export const direction = z.enum(['asc', 'desc']);

/** `true` or `false` in a query. */
export const queryBoolean = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .nullish();

/** JSON that comes in a string; an empty one is an empty object. */
export const jsonInText = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .transform((text, context): unknown => {
      if (text.trim() === '') return {};
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue('is not JSON');
        return z.NEVER;
      }
    });

/** Text that is looked for. */
export const search = z.string().max(256).nullish();

/** `page` and `per_page` of a list. Pages beyond what a database can count to are merely empty, so the bound is high. */
export const paging = (perPage: { readonly default: number; readonly max: number }) => ({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  per_page: z.coerce.number().int().min(1).max(perPage.max).default(perPage.default),
});

export const toPageRequest = ({ page, per_page }: { page: number; per_page: number }): PageRequest => ({
  page,
  perPage: per_page,
});
