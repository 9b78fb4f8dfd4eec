import { z } from 'zod';

import type { PageRequest } from '../common/page.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';

/** A gateway's id: in URLs and in secrets' names. */
export const gatewayIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z0-9_]+(?:-[a-z0-9_]+)*$/, 'may hold lower-case letters, digits, "_" and single inner dashes');

/** The id of anything else: opaque to callers. */
const opaqueIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is no id');

export const gatewayIdParam = new ContractValidationPipe(['params', 'gateway_id'], gatewayIdSchema);

/** A path parameter that holds an opaque id. */
export const idParam = (name: string) => new ContractValidationPipe(['params', name], opaqueIdSchema);

export const direction = z.enum(['asc', 'desc']);

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
