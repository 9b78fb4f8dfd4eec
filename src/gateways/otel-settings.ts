import { isDeepStrictEqual } from 'node:util';
import { assertEgressAllowed, EgressDenied } from '../common/egress-policy.js';
import { inputError } from '../common/errors/platform-error.js';
import type { Otel } from './gateway-columns.schema.js';

/** The egress policy's first half, asked when a gateway is saved. Throws 400/7001. */
export function assertCollectorUrls(otel: Otel | null, allowPrivate: boolean): void {
  for (const [index, { url }] of (otel ?? []).entries()) {
    try {
      assertEgressAllowed(url, { allowPrivate });
    } catch (error) {
      if (!(error instanceof EgressDenied)) throw error;
      throw inputError({ path: ['body', 'otel', index, 'url'], reason: error.message });
    }
  }
}

/** Does a secret go where it did not go before? Saying so takes the permission to write secrets. */
export const sendsSecretAnew = (otel: Otel | null, before: Otel | null): boolean =>
  (otel ?? []).some(
    (entry) => (entry.authorization ?? '') !== '' && !before?.some((known) => isDeepStrictEqual(known, entry)),
  );
