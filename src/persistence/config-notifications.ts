import { Client, type ClientConfig } from 'pg';
import { Observable, retry, timer } from 'rxjs';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/**
 * What Postgres says on `config_changed`: the new version, or null when a connection has just been made and
 * notifications may have been missed before. Connects again by itself, with growing pauses, and never fails.
 */
export function configNotifications(connection: ClientConfig): Observable<bigint | null> {
  return new Observable<bigint | null>((subscriber) => {
    // No query timeout: this connection waits for as long as it lives.
    const client = new Client({ ...connection, query_timeout: undefined });
    client.on('notification', ({ payload }) => subscriber.next(toVersion(payload)));
    client.on('error', (error) => subscriber.error(error));
    client.on('end', () => subscriber.error(new Error('The connection ended.')));
    client
      .connect()
      .then(() => client.query('LISTEN config_changed'))
      .then(() => subscriber.next(null))
      .catch((error: unknown) => subscriber.error(error));
    return () => void client.end().catch(() => undefined);
  }).pipe(
    retry({
      resetOnSuccess: true,
      delay: (_error, attempt) => timer(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1))),
    }),
  );
}

const toVersion = (payload: string | undefined): bigint | null =>
  payload !== undefined && /^\d+$/.test(payload) ? BigInt(payload) : null;
