import { BlockList, isIP } from 'node:net';

/** Ranges that are not the public internet (IANA special-purpose registries, 2026-10), metadata services included. */
const PRIVATE_RANGES: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 96, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['3fff::', 20, 'ipv6'],
  ['5f00::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 9, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

const privateRanges = new BlockList();
for (const [network, prefix, family] of PRIVATE_RANGES) privateRanges.addSubnet(network, prefix, family);

/** Names that mean this machine or this network, whatever they resolve to. */
const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home\.arpa|localdomain)$/;

/** Is this IP address (any textual form `net.isIP` knows, IPv4-mapped IPv6 included) outside the public internet? */
function isPrivateAddress(address: string): boolean {
  // BlockList matches an IPv4-mapped IPv6 address against the IPv4 ranges by itself.
  return privateRanges.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

export class EgressDenied extends Error {
  override readonly name = 'EgressDenied';
}

/**
 * May this URL be called? The half that is asked when a URL is saved: scheme, parts that hide where it goes, and the host as
 * written. What a name resolves to is checked again on connect. Throws `EgressDenied` with the reason.
 * The WHATWG parser has already turned decimal, octal, hex and short IPv4 forms into dotted ones.
 */
export function assertEgressAllowed(url: string, { allowPrivate }: { readonly allowPrivate: boolean }): void {
  if (!URL.canParse(url)) throw new EgressDenied('is not a URL');
  const parsed = new URL(url);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')
    throw new EgressDenied('must be an http or https URL');
  if (parsed.username !== '' || parsed.password !== '') throw new EgressDenied('must not hold a user name or password');
  if (url.includes('#')) throw new EgressDenied('must not have a fragment');
  if (url.includes('?')) throw new EgressDenied('must not have a query');
  if (allowPrivate) return;

  const host = parsed.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) !== 0) assertAddressAllowed(host, { allowPrivate });
  else if (PRIVATE_NAME.test(host) || !host.includes('.')) throw denied(host);
}

/** The other half, asked on connect: may this IP address be reached? Throws `EgressDenied`. */
export function assertAddressAllowed(address: string, { allowPrivate }: { readonly allowPrivate: boolean }): void {
  if (!allowPrivate && isPrivateAddress(address)) throw denied(address);
}

const denied = (host: string): EgressDenied =>
  new EgressDenied(`points at ${host}, which is not on the public internet (EGRESS_ALLOW_PRIVATE lifts this)`);
