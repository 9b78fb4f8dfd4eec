import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/**
 * Bytes that this process holds, heap and buffers, without the garbage among them: how much of that there is depends on load. Kernels'
 * socket buffers are no part of it.
 */
export function heldBytes(): number {
  // Buffers that the first collection finds are given back at the latest by the second.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
