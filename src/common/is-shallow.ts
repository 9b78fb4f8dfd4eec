/** Is a JSON value nested no deeper than this? Asked before anything walks it: what recurses would run out of stack. */
export const isShallow = (value: unknown, maxDepth: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (maxDepth > 0 && Object.values(value).every((item) => isShallow(item, maxDepth - 1)));
