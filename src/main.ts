import 'reflect-metadata';
import cluster from 'node:cluster';
// Also reads `.env`.
import './config/config.module.js';
import { serverConfig } from './config/server.config.js';
import { StartError } from './config/start-error.js';

try {
  const { workers } = serverConfig();
  if (cluster.isPrimary && workers > 1) await (await import('./primary.js')).runPrimary(workers);
  else await (await import('./serve.js')).serve();
} catch (error) {
  process.stderr.write(
    `The gateway cannot start:\n${reasons(error)
      .map((reason) => `  - ${reason}\n`)
      .join('')}`,
  );
  process.exit(1);
}

/** One readable line a problem; a stack only for what nobody foresaw. */
function reasons(error: unknown): readonly string[] {
  if (error instanceof StartError) return error.problems;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return ['HOST, PORT: the address is in use.'];
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}
