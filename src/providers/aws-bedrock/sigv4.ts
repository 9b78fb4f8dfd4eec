import { createHash, createHmac } from 'node:crypto';

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** A pair of AWS keys, with the token that goes along where they are temporary. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

/** What is signed. Every header given is part of the signature. */
export interface SignableRequest {
  readonly method: string;
  /** The path as it is sent, percent-encoded once, with its query string. */
  readonly path: string;
  /** Names in lower case; `host` must be among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface SigningScope {
  readonly keys: AwsKeys;
  readonly region: string;
  /** `bedrock` for bedrock-runtime. */
  readonly service: string;
  /** Seconds since 1970. AWS takes a signature for five minutes. */
  readonly signedAt: number;
}

/**
 * The headers that sign a request by AWS Signature Version 4 (docs.aws.amazon.com/IAM, "Create a signed AWS API request"): names
 * in lower case and values in turn.
 */
export function signRequest(request: SignableRequest, { keys, region, service, signedAt }: SigningScope): string[] {
  const time = new Date(signedAt * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
  const date = time.slice(0, 8);
  const own = {
    'x-amz-date': time,
    ...(keys.sessionToken === null ? {} : { 'x-amz-security-token': keys.sessionToken }),
  };
  const signed = Object.entries({ ...request.headers, ...own }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');

  const mark = request.path.indexOf('?');
  const [pathname, query] =
    mark === -1 ? [request.path, ''] : [request.path.slice(0, mark), request.path.slice(mark + 1)];
  const canonical = [
    request.method,
    // Every service but S3 signs the path encoded twice.
    pathname.split('/').map(percentEncode).join('/'),
    canonicalQuery(query),
    ...signed.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}`),
    '',
    names,
    sha256(request.body),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = [ALGORITHM, time, scope, sha256(canonical)].join('\n');

  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey}`);
  const signature = hmac(key, toSign).toString('hex');
  const credential = `${ALGORITHM} Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return ['authorization', credential, ...Object.entries(own).flat()];
}

/** Sorted by name, then value, as they are encoded. */
function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => [percentEncode(name), percentEncode(value)]);
  return pairs
    .map(([name, value]) => `${name}=${value}`)
    .toSorted()
    .join('&');
}

/** All but letters, digits and `-._~`, as AWS encodes: `encodeURIComponent` leaves five characters more. */
export const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
