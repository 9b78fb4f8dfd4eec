// `npm run db:check`: do the migrations lead to schema.prisma?
import { schemaGap } from './lib/schema-gap.mjs';

const gap = await schemaGap();
if (gap === null) {
  console.log('prisma/migrations and prisma/schema.prisma agree.');
} else {
  console.error(`prisma/migrations lack this (npm run db:migration -- name writes it):\n\n${gap}`);
  process.exitCode = 1;
}
