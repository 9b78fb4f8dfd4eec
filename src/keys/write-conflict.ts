import { isWriteConflict } from '../common/errors/database-error.js';

const TRIES = 5;

/** A row was changed between reading it and writing it. Nothing was written. */
export class WriteConflict extends Error {
  override readonly name = 'WriteConflict';
}

/**
 * Runs a read-then-write again when somebody else was quicker. Sealed values change their data key with every write, so each
 * write names the wrapped key it read: that is the row's version.
 */
export async function retryOnConflict<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (attempt === TRIES || !(error instanceof WriteConflict || isWriteConflict(error))) throw error;
    }
  }
}
