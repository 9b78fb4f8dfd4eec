import { z } from 'zod';

/** A path with its query, as it stands in a request line. Nothing in it can end the path and begin a header or a fragment. */
const path = z
  .string()
  .max(512)
  .regex(
    /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*)?$/,
    'is no path: it begins with "/"',
  );

/** How the compat surface calls a custom provider: settings of ours, so a name nobody knows is an error. */
export const customProviderSettingsSchema = z.strictObject({
  /** What follows the base URL for chat completions. Default: `/chat/completions`, with `/v1` before it where the base URL is a bare origin. */
  chat_path: path.optional(),
  /** The same for embeddings. */
  embeddings_path: path.optional(),
  /** The header that takes the provider's key. Default: `authorization`, as a bearer; in any other the key stands alone. */
  key_header: z
    .string()
    .max(128)
    .toLowerCase()
    .regex(/^(?:authorization|api-key|x-[a-z0-9-]+)$/, 'may be "authorization", "api-key" or "x-…"')
    .optional(),
});

export type CustomProviderSettings = z.infer<typeof customProviderSettingsSchema>;
