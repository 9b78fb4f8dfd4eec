import { defineConfig } from 'prisma/config';

// The connection string is given to the driver adapter at run time (persistence/); the CLI only generates.
export default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' } });
