import { describe, expect, it } from '@jest/globals';

import { isUlid, ulid, ulidStart, ulidTime } from './ids.js';

describe('ulid', () => {
  it('begins with its time, which can be read back', () => {
    for (const time of [0, 1, 1_764_000_000_000, 2 ** 45]) {
      const id = ulid(time);

      expect(isUlid(id)).toBe(true);
      expect(id.startsWith(ulidStart(time))).toBe(true);
      expect(ulidTime(id)).toBe(time);
    }
  });

  it('sorts by time', () => {
    expect(ulid(5) < ulidStart(6)).toBe(true);
    expect(ulidStart(6) < ulid(6)).toBe(true);
  });
});
