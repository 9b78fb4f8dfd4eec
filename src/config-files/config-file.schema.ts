import { z } from 'zod';

const routeSchema = z.strictObject({ name: z.string().min(1), elements: z.array(z.unknown()).min(1) });

/**
 * What a file holds, in the API's own words: the fields of a resource are the ones its body has. They are checked by what the API
 * checks, once references are resolved; here is only what stands around them.
 */
export const configFileSchema = z.strictObject({
  version: z.literal(1),
  custom_providers: z.array(z.looseObject({ slug: z.string().min(1) })).optional(),
  gateways: z
    .array(
      z.looseObject({
        id: z.string().min(1),
        provider_configs: z
          .array(z.looseObject({ provider_slug: z.string().min(1), alias: z.string().min(1).default('default') }))
          .optional(),
        routes: z.array(routeSchema).optional(),
      }),
    )
    .optional(),
});

export type ConfigFile = z.infer<typeof configFileSchema>;
export type RouteInFile = z.infer<typeof routeSchema>;
