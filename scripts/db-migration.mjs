// `npm run db:migration -- add_price_overrides`: writes the SQL that the last migration lacks to reach schema.prisma, for
// review. docs/persistence.md has the rules for what it may do.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './lib/prepare.mjs';
import { schemaGap } from './lib/schema-gap.mjs';

const name = process.argv[2] ?? '';
if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) {
  console.error('Say what the migration does, in snake_case: npm run db:migration -- add_price_overrides');
  process.exit(1);
}
const gap = await schemaGap();
if (gap === null) {
  console.log('prisma/migrations lead to prisma/schema.prisma already: nothing to write.');
} else {
  const stamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const directory = join(root, 'prisma/migrations', `${stamp}_${name}`);
  mkdirSync(directory);
  writeFileSync(join(directory, 'migration.sql'), `${gap.trim()}\n`);
  console.log(`Wrote prisma/migrations/${stamp}_${name}/migration.sql: read it, and see docs/persistence.md.`);
}
