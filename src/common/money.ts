/** Whole nano-dollars. A number holds nine million dollars of them exactly, and no call costs that. */
export type NanoUsd = number;

const ATTO_DIGITS = 18;
const ATTO_PER_NANO = 1_000_000_000n;

/** Dollars in atto-dollars, digit for digit: prices a token are sums of such, rounded once at the end by `toNanoUsd`. */
export function toAttoUsd(dollars: number): bigint {
  const [mantissa = '0', exponent = '0'] = dollars.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const shift = ATTO_DIGITS + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  return shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
}

/** Rounded half up. */
export const toNanoUsd = (atto: bigint): NanoUsd => Number((atto + ATTO_PER_NANO / 2n) / ATTO_PER_NANO);

/** The amount as APIs and headers say it. */
export const toDollars = (nano: NanoUsd): number => nano / 1e9;
