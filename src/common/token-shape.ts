/** What a gateway token looks like: `aig_` and 32 random bytes in base64url. */
const SHAPE = 'aig_[A-Za-z0-9_-]{43}';
const WHOLE = new RegExp(`^${SHAPE}$`);
const ANYWHERE = new RegExp(SHAPE);

/** Looks like one of our tokens: never a provider key, even when nobody knows it any more. */
export const isTokenShaped = (value: string): boolean => WHOLE.test(value);

/** Holds what looks like one of our tokens, wherever it stands. */
export const holdsToken = (text: string): boolean => ANYWHERE.test(text);
