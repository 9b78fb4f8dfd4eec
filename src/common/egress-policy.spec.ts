import { describe, expect, it } from '@jest/globals';

import { assertAddressAllowed, assertEgressAllowed, EgressDenied } from './egress-policy.js';

const check =
  (url: string, allowPrivate = false) =>
  () =>
    assertEgressAllowed(url, { allowPrivate });

describe('assertEgressAllowed', () => {
  it.each(['https://api.openai.com', 'https://example.com:8443/v1', 'http://8.8.8.8', 'https://[2606:4700::1111]/x'])(
    'lets %s pass',
    (url) => {
      expect(check(url)).not.toThrow();
    },
  );

  it.each([
    'http://127.0.0.1',
    'http://localhost:9100',
    'http://LOCALHOST.',
    'http://api.localhost',
    'http://2130706433',
    'http://0177.0.0.1',
    'http://0x7f.1',
    'http://127.1',
    'http://0',
    'http://[::1]',
    'http://[::]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:a9fe:a9fe]',
    'http://[64:ff9b::7f00:1]',
    'http://[fd00:ec2::254]',
    'http://[fe80::1]',
    'http://169.254.169.254/latest/meta-data',
    'http://metadata.google.internal',
    'http://10.1.2.3',
    'http://172.31.0.1',
    'http://192.168.1.1',
    'http://100.100.100.200',
    'http://224.0.0.1',
    'http://255.255.255.255',
    'http://postgres',
    'http://１２７.0.0.1',
  ])('refuses %s, unless private addresses are allowed', (url) => {
    expect(check(url)).toThrow(EgressDenied);
    expect(check(url, true)).not.toThrow();
  });

  it.each([
    'ftp://example.com',
    'file:///etc/passwd',
    'https://user:pass@example.com',
    'https://user@example.com',
    'https://example.com/#/v1',
    'https://example.com#',
    'https://example.com/?key=1',
    'example.com',
    '',
  ])('refuses %s always', (url) => {
    expect(check(url, true)).toThrow(EgressDenied);
  });
});

describe('assertAddressAllowed', () => {
  it.each(['127.0.0.1', '::ffff:10.0.0.1', '::1', 'fc00::1'])('refuses %s', (address) => {
    expect(() => assertAddressAllowed(address, { allowPrivate: false })).toThrow(EgressDenied);
    expect(() => assertAddressAllowed(address, { allowPrivate: true })).not.toThrow();
  });

  it.each(['1.1.1.1', '2606:4700::1111'])('lets %s pass', (address) => {
    expect(() => assertAddressAllowed(address, { allowPrivate: false })).not.toThrow();
  });
});
