import { ENV_NAMES, type Env, envSchema } from './env.schema.js';
import { StartError } from './start-error.js';

let parsed: { readonly source: string; readonly env: Env } | null = null;

/**
 * Parses variables. An empty one counts as absent, since that is what `docker compose` makes of an unset one.
 * Throws a `StartError` with a line for each problem; values are never part of it.
 */
export function parseEnv(source: Readonly<Record<string, unknown>>): Env {
  const given = Object.fromEntries(ENV_NAMES.filter((name) => source[name] !== '').map((name) => [name, source[name]]));
  const result = envSchema.safeParse(given);
  if (result.success) return result.data;
  throw new StartError(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
}

/** The environment, parsed. Namespaces share one parse: it is done again only when a variable has changed. */
export function readEnv(): Env {
  const source = JSON.stringify(ENV_NAMES.map((name) => process.env[name] ?? null));
  if (parsed?.source !== source) parsed = { source, env: parseEnv(process.env) };
  return parsed.env;
}
