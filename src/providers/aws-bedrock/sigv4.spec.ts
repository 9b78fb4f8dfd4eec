import { describe, expect, it } from '@jest/globals';
import { percentEncode, signRequest, type SignableRequest } from './sigv4.js';

/** The keys and the time of AWS's published test suite for Signature Version 4. */
const scope = {
  keys: {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    sessionToken: null,
  },
  region: 'us-east-1',
  service: 'service',
  signedAt: Date.UTC(2015, 7, 30, 12, 36, 0) / 1000,
};

const vanilla: SignableRequest = {
  method: 'GET',
  path: '/',
  headers: { host: 'example.amazonaws.com' },
  body: Buffer.alloc(0),
};

const signatureOf = (headers: readonly string[]): string =>
  /Signature=([0-9a-f]{64})$/.exec(headers[1] ?? '')?.[1] ?? '';

describe('signRequest', () => {
  it('signs as the test suite does: get-vanilla', () => {
    expect(signRequest(vanilla, scope)).toEqual([
      'authorization',
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
      'x-amz-date',
      '20150830T123600Z',
    ]);
  });

  it.each<[string, Partial<SignableRequest>, string]>([
    [
      'get-vanilla-query-order-key-case',
      { path: '/?Param2=value2&Param1=value1' },
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    ['post-vanilla', { method: 'POST' }, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'get-header-value-trim',
      { headers: { ...vanilla.headers, 'my-header1': ' value1', 'my-header2': ' "a   b   c"' } },
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
    [
      'post-x-www-form-urlencoded',
      {
        method: 'POST',
        headers: { ...vanilla.headers, 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from('Param1=value1'),
      },
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ])('signs as the test suite does: %s', (_name, rest, signature) => {
    expect(signatureOf(signRequest({ ...vanilla, ...rest }, scope))).toBe(signature);
  });

  it('signs the path encoded twice, and the token of temporary keys with it', () => {
    const request = { ...vanilla, path: '/model/us.anthropic.claude-v1%3A0/converse' };

    const plain = signRequest(request, scope);
    const temporary = signRequest(request, { ...scope, keys: { ...scope.keys, sessionToken: 'TOKEN' } });

    // What the AWS SDK's own signer makes of the same request.
    expect(signatureOf(plain)).toBe('ffee07823e3dbaa453360f3857827bcc64de95652c3e8dfdd8e1c7270fbc78d5');
    expect(signatureOf(temporary)).toBe('c3e8e6a46c98de141788391d1044099db8de621e32e7d6c61571c5c57ff70406');
    expect(temporary.slice(2)).toEqual(['x-amz-date', '20150830T123600Z', 'x-amz-security-token', 'TOKEN']);
    expect(temporary[1]).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
  });
});

describe('percentEncode', () => {
  it("leaves only AWS's unreserved characters", () => {
    expect(percentEncode("aZ0-._~:/!'()*é")).toBe('aZ0-._~%3A%2F%21%27%28%29%2A%C3%A9');
  });
});
