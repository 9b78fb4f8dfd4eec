import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';

import { MIGRATIONS_DIR, type MigrationFile } from './migration-files.js';

/** The part of it that is used here: TypeScript knows it only together with the browser's library. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, Record<string, unknown>>,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

const DATASOURCE = 'datasource db { provider = "postgresql" }';

/** Prisma's own schema engine, compiled to WebAssembly, over a driver adapter: nothing to download. `free()` it after use. */
export async function openSchemaEngine(adapter: SqlMigrationAwareDriverAdapterFactory): Promise<SchemaEngine> {
  await instantiate();
  return glue.SchemaEngine.new(
    { datamodels: [['schema.prisma', DATASOURCE]] },
    () => undefined, // its log lines repeat what it returns or throws
    bindMigrationAwareSqlAdapterFactory(adapter),
  );
}

/** The folder's contents as the engine wants them. */
export function toMigrationList(files: readonly MigrationFile[]): MigrationList {
  return {
    baseDir: MIGRATIONS_DIR,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: files.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  };
}

let instantiated: Promise<void> | null = null;

/** The package's entry imports the `.wasm` file as a module, which bundlers do and Node does not: this stands in for it. */
function instantiate(): Promise<void> {
  instantiated ??= (async () => {
    const script = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
    const bytes = await readFile(join(dirname(script), 'schema_engine_bg.wasm'));
    const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': imports() });
    glue.__wbg_set_wasm(instance.exports);
    const start = instance.exports['__wbindgen_start'];
    if (typeof start === 'function') start();
  })();
  return instantiated;
}

/** The engine never clears its lock's time-out, which would keep a process that has finished alive for ten seconds. */
const setTimeoutUnref = (callback: () => void, ms: number): NodeJS.Timeout => setTimeout(callback, ms).unref();

const imports = (): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(glue).map(([name, value]) => [name, name.startsWith('__wbg_setTimeout') ? setTimeoutUnref : value]),
  );
