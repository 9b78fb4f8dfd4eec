import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { StartError } from '../../config/start-error.js';

/** macOS allows 103 bytes for a Unix socket's path, Linux 107. */
const MAX_SOCKET_PATH_BYTES = 103;
const LONGEST_NAME = '.s.PGSQL.5432';

/**
 * A directory for the data directory's sockets that only we can enter: `run` inside it, or, where that path would be
 * too long for a socket, one in the system's temporary directory that is named for it.
 */
export function prepareSocketDirectory(dataDir: string): string {
  const inside = join(dataDir, 'run');
  if (Buffer.byteLength(join(inside, LONGEST_NAME)) <= MAX_SOCKET_PATH_BYTES) {
    mkdirSync(inside, { recursive: true, mode: 0o700 });
    return inside;
  }
  const digest = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 16);
  const directory = join(tmpdir(), `aig-${String(userInfo().uid)}-${digest}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(directory);
  // The temporary directory is everyone's: one that somebody else made there first could show them our database.
  if (uid !== userInfo().uid || (mode & 0o77) !== 0) {
    throw new StartError([`${directory} belongs to somebody else: remove it, or choose a shorter DATA_DIR`]);
  }
  return directory;
}
