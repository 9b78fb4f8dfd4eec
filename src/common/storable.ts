/** Postgres has no NUL in text, and JSON columns have no lone surrogates. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Can a database keep this text, or be asked for it? */
export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);
