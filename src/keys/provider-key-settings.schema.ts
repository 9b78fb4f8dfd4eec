import { z } from 'zod';

/** What parts of host names and paths are made of: nothing that could end one part and begin another. */
const part = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'may hold letters, digits, ".", "_" and "-"');

const headerName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is no header name')
  .refine(
    (name) =>
      !/^(?:authorization|connection|content-length|content-type|host|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|cf-aig-.*)$/i.test(
        name,
      ),
    'is a header the gateway sets itself',
  );

/** An alias, in URLs, headers and secrets' names. */
export const aliasSchema = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, 'may hold letters, digits, "_", "." and "-", 64 at most');

/** What is not secret about a provider key: settings of ours, so a name nobody knows is an error. */
export const providerKeySettingsSchema = z.strictObject({
  /** Stands for the vendor's origin. */
  base_url: z.string().max(2048).optional(),
  headers: z
    .record(
      headerName,
      z
        .string()
        .max(4096)
        .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'is no header value'),
    )
    .refine((headers) => Object.keys(headers).length <= 20, 'may hold 20 headers')
    .optional(),
  /** Azure OpenAI. */
  resource: part.optional(),
  api_version: part.optional(),
  /** Vertex, Bedrock. */
  region: part.optional(),
  project_id: z
    .string()
    .regex(/^[A-Za-z0-9:._-]{1,100}$/, 'is no project id')
    .optional(),
  /** Workers AI. */
  account_id: part.optional(),
  /** The alias whose pool this key joins, and its share there (1 when absent). */
  pool: aliasSchema.optional(),
  weight: z.number().positive().max(1_000_000).optional(),
});

export type ProviderKeySettings = z.infer<typeof providerKeySettingsSchema>;
