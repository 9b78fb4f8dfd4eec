const SHOWN = 4;
/** Below this the last characters would be too large a part of the secret. */
const SHORTEST_SHOWN = 12;
const MASK = '…';

/** What people may see of a secret: at most its last four characters, and nothing of a short one. */
export const secretPreview = (value: string): string =>
  value.length < SHORTEST_SHOWN ? MASK : `${MASK}${value.slice(-SHOWN)}`;
