// Who may import whom: docs/architecture.md has the reasons. A row reads "may import".
const rooms = {
  common: [],
  contract: ['common'],
  config: ['common'],
  persistence: ['common', 'config', 'generated'],
  transport: ['common', 'config'],
  gateways: ['common', 'config', 'contract', 'persistence', 'generated'],
  tokens: ['common', 'config', 'persistence', 'generated'],
  keys: ['common', 'config', 'persistence', 'generated'],
  providers: ['common', 'config', 'contract', 'transport', 'persistence'],
  accounting: ['common', 'config', 'contract', 'providers'],
  'target-health': ['common'],
  routing: ['common', 'config', 'contract', 'gateways', 'keys', 'providers', 'accounting', 'target-health'],
  auth: ['common', 'config', 'gateways', 'tokens'],
  http: ['common', 'config', 'contract'],
  completions: ['common', 'contract', 'auth', 'http', 'routing', 'providers'],
  admin: ['common', 'contract', 'auth', 'http', 'gateways', 'tokens', 'keys', 'providers', 'target-health'],
  bootstrap: ['common', 'config', 'gateways', 'tokens', 'persistence', 'generated'],
  health: ['common', 'config', 'auth', 'http', 'persistence'],
};

const room = (name) => `^src/${name}/`;
const SPECS = '[.]spec[.]ts$';
const LEAVES = ['completions', 'admin', 'bootstrap', 'health'];

const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(([name, guests]) =>
      error(
        `${name}-imports`,
        `${name} may import ${guests.join(', ') || 'nothing'}.`,
        { path: room(name), pathNot: SPECS },
        { path: '^src/', pathNot: [name, ...guests].map(room) },
      ),
    ),
    error(
      'every-room-has-a-row',
      'A new folder under src/ needs a row above.',
      { path: '^src/[^/]+/', pathNot: [...Object.keys(rooms), 'generated'].map(room) },
      {},
    ),
    error(
      'no-cycles',
      'A cycle of values crashes at start under ES modules.',
      { pathNot: '^src/generated/' },
      { circular: true },
    ),
    error('resolves', 'An import leads nowhere.', {}, { couldNotResolve: true }),
    error(
      'providers-are-strangers',
      'Deleting a provider is deleting a folder: what two need lives in dialects/.',
      { path: '^src/providers/(?!dialects/)([^/]+)/' },
      { path: '^src/providers/[^/]+/', pathNot: ['^src/providers/$1/', '^src/providers/dialects/'] },
    ),
    error(
      'strategies-do-no-io',
      'A provider folder sees readers and shapes of the transport, never sockets or files.',
      { path: '^src/providers/[^/]+/', pathNot: SPECS },
      {
        path: ['^src/transport/', '^(node:)?(http|https|net|tls|fs|dns)(/|$)', 'node_modules/undici/'],
        pathNot: ['^src/transport/readers/', '^src/transport/upstream[.]types[.]ts$'],
      },
    ),
    error(
      'prisma-stays-in-repositories',
      "Prisma's client is imported in persistence/ and *.repository.ts.",
      { path: '^src/', pathNot: ['^src/persistence/', '^src/generated/', '[.]repository[.]ts$'] },
      { path: ['^src/generated/', '^src/persistence/prisma[.]service', 'node_modules/@prisma/'] },
    ),
    error(
      'the-heart-knows-no-framework',
      'Words, contract, dialects and mappers run in a plain unit test.',
      { path: ['^src/(common|contract)/', '^src/providers/dialects/', '[.]mapper[.]ts$'], pathNot: SPECS },
      { path: 'node_modules/(@nestjs|fastify|rxjs)/' },
    ),
    error(
      'controllers-are-leaves',
      'Nothing calls back into the edge.',
      { path: '^src/', pathNot: ['[.]module[.]ts$', SPECS] },
      { path: 'controller[.]ts$' },
    ),
    error(
      'leaves-hang-on-the-root',
      'Only the composition root knows the surfaces.',
      { path: '^src/', pathNot: [...LEAVES.map(room), '^src/(app|main)[.]'] },
      { path: LEAVES.map(room) },
    ),
    error(
      'src-stands-alone',
      'What ships does not need the tests.',
      { path: '^src/', pathNot: SPECS },
      { path: '^test/' },
    ),
    error(
      'no-dev-dependency-in-src',
      'What ships runs on production dependencies.',
      { path: '^src/', pathNot: SPECS },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Written by `prisma generate`, in whatever way it likes.
    exclude: { path: '^src/generated/.*/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
