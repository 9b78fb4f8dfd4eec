import type { CustomProviderSettings } from './custom-provider-settings.schema.js';

/** What an admin says of a custom provider beside its slug and its headers. */
export interface CustomProviderFields {
  readonly name: string;
  /** What the provider's paths follow. */
  readonly baseUrl: string;
  readonly description: string | null;
  /** Is it served? */
  readonly enable: boolean;
  readonly beta: boolean;
  readonly link: string | null;
  readonly logo: string | null;
  readonly curlExample: string | null;
  readonly jsExample: string | null;
  /** Its place in lists. */
  readonly position: number;
  readonly settings: CustomProviderSettings;
}

/** A provider that an account brings itself. Its headers' values are nowhere in it. */
export interface CustomProvider extends CustomProviderFields {
  readonly id: string;
  readonly accountId: string;
  /** Unique in its account. Callers say `custom-{slug}`. */
  readonly slug: string;
  /** Names of the headers that every call gets, in lower case, with previews of their values. */
  readonly headersPreview: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}

/** What a custom provider is called in models' names, paths, stored keys and logs. */
export const customSlug = (slug: string): string => `custom-${slug}`;

/** Whose headers they are: sealed for one provider, they open for no other. */
export const headersOwner = ({ id, accountId }: Pick<CustomProvider, 'id' | 'accountId'>) =>
  ({ kind: 'custom-provider', accountId, providerId: id }) as const;
