import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { StartError } from '../config/start-error.js';
import { DataDirLock } from '../persistence/embedded/data-dir-lock.js';
import { prepareSocketDirectory } from '../persistence/embedded/socket-directory.js';
import { hasEntries } from './spool.js';

/** More processes than that do not share a data directory. */
const MAX_SLOTS = 256;

/** A directory that this process alone spools to, or empties. */
export interface SpoolSlot {
  readonly path: string;
  release(): Promise<void>;
}

/**
 * Processes that share a data directory each have a slot in it. The first free one is this process's own; what processes that are no
 * more have left in others is for it to empty too.
 */
export async function takeSpoolSlots(directory: string): Promise<{ own: SpoolSlot; left: SpoolSlot[] }> {
  const slots: SpoolSlot[] = [];
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const known = readdirSync(directory).filter((name) => /^\d+$/.test(name)).length;
    for (let number = 0; number < MAX_SLOTS && (slots.length === 0 || number < known); number++) {
      const path = join(directory, String(number));
      // An empty one is left to processes that start at the same time: each of them wants one of its own.
      if (slots.length > 0 && !hasEntries(path)) continue;
      const slot = await take(path);
      if (slot !== null) slots.push(slot);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError([`DATA_DIR: logs cannot be spooled to ${directory}: ${reason}`], cause);
  }
  const [own, ...left] = slots;
  if (own === undefined) throw new StartError([`DATA_DIR: every slot of ${directory} is in use`]);
  return { own, left };
}

/** Null when another process has it. */
async function take(path: string): Promise<SpoolSlot | null> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // No Unix sockets there: one process a data directory.
  if (process.platform === 'win32') return { path, release: () => Promise.resolve() };
  try {
    const lock = await DataDirLock.take(path, prepareSocketDirectory(path));
    return { path, release: () => lock.release() };
  } catch (error) {
    if (error instanceof StartError) return null;
    throw error;
  }
}
