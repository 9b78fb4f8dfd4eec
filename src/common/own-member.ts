/**
 * What a table says of a word. Of its own members only: strangers choose the words, and every object has a `constructor` and a
 * `toString` that no table means.
 */
export const ownMember = <Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
