import { isDeepStrictEqual } from 'node:util';
import type { ControlPlaneClient } from './control-plane.client.js';

/** A field that a file would have otherwise. */
export interface Difference {
  readonly field: string;
  /** What to show of it; null where a value may be a secret. */
  readonly shown: { readonly before: unknown; readonly after: unknown } | null;
}

/** One thing to do, for one resource. */
export interface Change {
  readonly action: 'create' | 'update' | 'replace' | 'delete';
  /** For people: `gateway "default"`. */
  readonly address: string;
  readonly differences: readonly Difference[];
  apply(client: ControlPlaneClient): Promise<void>;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Headers' values may be credentials, whoever wrote them. */
const SECRETIVE: ReadonlySet<string> = new Set(['headers', 'otel', 'stripe', 'secret']);

/**
 * The fields that mean something else than what is there. Both are taken as the API takes a whole body, one field at a time, so what the
 * API would make of a field (a default, an id it gives) is no difference. A field that a file does not name stays as it is.
 */
export function differencesOf(
  current: Fields,
  wanted: Fields,
  understood: (body: Fields) => unknown,
): readonly Difference[] {
  const before = understood(current);
  return Object.entries(wanted)
    .filter(([field, value]) => !isDeepStrictEqual(understood({ ...current, [field]: value }), before))
    .map(([field, value]) => ({
      field,
      shown: SECRETIVE.has(field) ? null : { before: current[field] ?? null, after: value },
    }));
}
