import { z } from 'zod';
import type { CustomProvider, CustomProviderFields } from '../custom-providers/custom-provider.js';
import { customProviderSettingsSchema } from '../custom-providers/custom-provider-settings.schema.js';
import type { CustomProviderQuery } from '../custom-providers/custom-provider.repository.js';
import type { CustomProviderInput } from '../custom-providers/custom-providers.service.js';
import { providerHeadersSchema } from '../custom-providers/provider-headers.js';
import { jsonInText, paging, queryBoolean, search } from './request-parts.schema.js';
import { answerObject, time } from './answer-parts.schema.js';

const text = (max: number) => z.string().max(max).nullish();

/** JSON in a string, as this API has it; an object is taken, too. */
const headers = z
  .union([jsonInText(8192), z.record(z.string(), z.unknown()), z.null().transform(() => ({}))])
  .pipe(providerHeadersSchema);

const fields = z.object({
  name: z.string().min(1).max(256),
  base_url: z.string().min(1).max(2048),
  description: text(4096),
  enable: z.boolean().nullish(),
  beta: z.boolean().nullish(),
  link: text(2048),
  logo: text(2048),
  curl_example: text(16_384),
  js_example: text(16_384),
  headers: headers.optional(),
  position: z.number().int().min(-2_147_483_648).max(2_147_483_647).nullish(),
  settings: customProviderSettingsSchema.nullish(),
});

export const newCustomProviderBody = fields.extend({
  slug: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'may hold lower-case letters, digits and single inner dashes'),
});

export const customProviderPatchBody = fields.partial();

export const customProviderListQuery = z.object({
  ...paging({ default: 20, max: 100 }),
  beta: queryBoolean,
  enable: queryBoolean,
  search,
});

export type NewCustomProviderBody = z.infer<typeof newCustomProviderBody>;
export type CustomProviderPatchBody = z.infer<typeof customProviderPatchBody>;
export type CustomProviderListQuery = z.infer<typeof customProviderListQuery>;

export const toCustomProviderQuery = ({
  beta,
  enable,
  search: part,
}: CustomProviderListQuery): CustomProviderQuery => ({
  beta: beta ?? null,
  enable: enable ?? null,
  search: part ?? null,
});

/** What is left out is empty or off. */
export const toCustomProvider = (body: NewCustomProviderBody): CustomProviderInput<CustomProviderFields> => ({
  name: body.name,
  baseUrl: body.base_url,
  description: body.description ?? null,
  enable: body.enable ?? false,
  beta: body.beta ?? false,
  link: body.link ?? null,
  logo: body.logo ?? null,
  curlExample: body.curl_example ?? null,
  jsExample: body.js_example ?? null,
  position: body.position ?? 0,
  settings: body.settings ?? {},
  ...(body.headers === undefined ? {} : { headers: body.headers }),
});

/** What is left out stays; null is empty or off. */
export const toCustomProviderPatch = (
  body: CustomProviderPatchBody,
): CustomProviderInput<Partial<CustomProviderFields>> => ({
  ...(body.name === undefined ? {} : { name: body.name }),
  ...(body.base_url === undefined ? {} : { baseUrl: body.base_url }),
  ...(body.description === undefined ? {} : { description: body.description }),
  ...(body.enable === undefined ? {} : { enable: body.enable ?? false }),
  ...(body.beta === undefined ? {} : { beta: body.beta ?? false }),
  ...(body.link === undefined ? {} : { link: body.link }),
  ...(body.logo === undefined ? {} : { logo: body.logo }),
  ...(body.curl_example === undefined ? {} : { curlExample: body.curl_example }),
  ...(body.js_example === undefined ? {} : { jsExample: body.js_example }),
  ...(body.position === undefined ? {} : { position: body.position ?? 0 }),
  ...(body.settings === undefined ? {} : { settings: body.settings ?? {} }),
  ...(body.headers === undefined ? {} : { headers: body.headers }),
});

export const customProviderAnswer = answerObject('CustomProvider', {
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  base_url: z.string(),
  description: z.string().optional(),
  link: z.string().optional(),
  logo: z.string().optional(),
  curl_example: z.string().optional(),
  js_example: z.string().optional(),
  enable: z.boolean(),
  beta: z.boolean(),
  headers: z.string().describe('JSON, with the last characters of each value'),
  position: z.int(),
  settings: customProviderSettingsSchema,
  created_at: time,
  modified_at: time,
});

/** The custom provider object; `settings` is ours. Of headers' values it has previews. */
export const presentCustomProvider = (provider: CustomProvider) => ({
  id: provider.id,
  name: provider.name,
  slug: provider.slug,
  base_url: provider.baseUrl,
  ...present({
    description: provider.description,
    link: provider.link,
    logo: provider.logo,
    curl_example: provider.curlExample,
    js_example: provider.jsExample,
  }),
  enable: provider.enable,
  beta: provider.beta,
  headers: JSON.stringify(provider.headersPreview),
  position: provider.position,
  settings: provider.settings,
  created_at: provider.createdAt.toISOString(),
  modified_at: provider.modifiedAt.toISOString(),
});

/** Typed clients know no null here. */
const present = (texts: Readonly<Record<string, string | null>>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
