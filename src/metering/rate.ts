export type RateUnit = 'requests' | 'tokens';

/** So much in a time, and of what: in the words of a refusal. */
export interface Rate {
  readonly what: string;
  readonly unit: RateUnit;
  readonly limit: number;
  readonly intervalS: number;
}
