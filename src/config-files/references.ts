import { z } from 'zod';
import { ConfigProblems } from './config-problems.js';

/** Stands in a file for the value of an environment variable: secrets have no other place in it. */
const referenceSchema = z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) });

export type Environment = Readonly<Record<string, string | undefined>>;

export const isReference = (value: unknown): boolean => referenceSchema.safeParse(value).success;

/**
 * What a file says, with values in place of references. A variable that is not set keeps what is stored in its place; where nothing is
 * stored that is a problem.
 */
export function resolveReferences(wanted: unknown, stored: unknown, env: Environment, address: string): unknown {
  const reference = referenceSchema.safeParse(wanted);
  if (reference.success) {
    const value = env[reference.data.env];
    if (value !== undefined && value !== '') return value;
    if (typeof stored === 'string') return stored;
    throw new ConfigProblems([`${address}: the environment variable ${reference.data.env} is not set`]);
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted;
  const resolved = Object.entries(wanted).map(
    ([name, value]) => [name, resolveReferences(value, memberOf(stored, name), env, `${address}: ${name}`)] as const,
  );
  return Array.isArray(wanted) ? resolved.map(([, value]) => value) : Object.fromEntries(resolved);
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

/** Names of environment variables, made of what they are for; no name twice. */
export class VariableNames {
  private readonly taken = new Set<string>();

  make(...parts: readonly string[]): { readonly env: string } {
    const name = parts
      .join('_')
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')
      .replace(/^(?=\d)/, '_');
    let free = name;
    for (let n = 2; this.taken.has(free); n++) free = `${name}_${n}`;
    this.taken.add(free);
    return { env: free };
  }
}
