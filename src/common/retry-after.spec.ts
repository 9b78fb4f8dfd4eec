import { expect, it } from '@jest/globals';
import { retryAfterMs } from './retry-after.js';

it.each([
  [{ 'retry-after': '3' }, 3_000],
  [{ 'retry-after-ms': '2500.5', 'retry-after': '9' }, 2_500.5],
  [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:09 GMT' }, 9_000],
  [{ 'retry-after': 'soon' }, null],
  [{}, null],
  [{ 'retry-after': '9'.repeat(400) }, Number.MAX_SAFE_INTEGER],
])('%j is %p milliseconds', (headers, expected) => {
  expect(retryAfterMs(headers, 0)).toBe(expected);
});
