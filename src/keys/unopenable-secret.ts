import { refused } from '../common/errors/platform-error.js';
import { VaultError } from './key-vault.js';

/** Runs what opens a secret; one that does not open is the admin's to know, not a fault of the server. Throws 400/7001. */
export function openOrRefuse<T>(open: () => T, secretId: string): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    throw refused(`The secret "${secretId}" cannot be opened with the active master keys: give it its value anew`, [
      'params',
      'secret_id',
    ]);
  }
}
