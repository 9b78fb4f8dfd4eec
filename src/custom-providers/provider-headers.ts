import { z } from 'zod';
import { Secret } from '../common/secret.js';

const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** A value, or the preview of one, which begins with a sign that no header can hold. */
const VALUE = /^…?[\t\x20-\x7e\x80-\xff]*$/;
/** Set by the gateway or its transport: another's would contradict them. */
const OURS =
  /^(?:connection|content-length|content-type|host|keep-alive|te|trailer|transfer-encoding|upgrade|accept|accept-encoding|proxy-.*|cf-aig-.*)$/;
const MAX_HEADERS = 20;

/** Headers, names in lower case. They may hold credentials. */
export type ProviderHeaders = Readonly<Record<string, string>>;

/** Headers as an admin writes them. */
export const providerHeadersSchema = z
  .record(z.string().toLowerCase().regex(NAME, 'is no header name'), z.string().regex(VALUE, 'is no header value'))
  .refine((headers) => Object.keys(headers).length <= MAX_HEADERS, `may hold ${MAX_HEADERS} headers`)
  .refine((headers) => !Object.keys(headers).some((name) => OURS.test(name)), 'names a header the gateway sets itself');

/** Does this stand for a value that is kept? */
export const isPreview = (value: string): boolean => value.startsWith('…');

/** As they are sealed: one text. */
export const toSealable = (headers: ProviderHeaders): Secret => new Secret(JSON.stringify(headers));

/** What was sealed. Throws on anything else. */
export const fromSealable = (text: Secret): ProviderHeaders =>
  z.record(z.string(), z.string()).parse(JSON.parse(text.reveal()));
