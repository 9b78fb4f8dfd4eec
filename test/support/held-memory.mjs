// `node --expose-gc --import …/held-memory.mjs`: a child process of a test says on demand how many bytes it holds.

// Buffers that the first collection finds are given back at the latest by the second.
process.on('message', () => {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  process.send?.(heapUsed + arrayBuffers);
});

process.channel?.unref();
