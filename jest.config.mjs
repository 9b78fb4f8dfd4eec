const swc = [
  '@swc/jest',
  {
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: 'es2022',
      keepClassNames: true,
    },
    module: { type: 'es6' },
  },
];

const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': swc },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};

/** The kinds of docs/architecture.md; each is a project, so `--selectProjects e2e` runs one kind. */
const project = (displayName, ...testMatch) => ({ ...base, displayName, testMatch });

export default {
  coverageProvider: 'v8',
  // A gateway starts in a hook, on a machine that does much else.
  testTimeout: 120_000,
  // By default Jest leaves a core for somebody else: of two, half of what there is.
  maxWorkers: '100%',
  workerIdleMemoryLimit: '2GB',
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  projects: [
    project('unit', '<rootDir>/src/**/*.spec.ts', '<rootDir>/test/structure/**/*.spec.ts'),
    project('integration', '<rootDir>/test/integration/**/*.int-spec.ts'),
    project('e2e', '<rootDir>/test/e2e/**/*.e2e-spec.ts'),
    project('clients', '<rootDir>/test/clients/**/*.client-spec.ts'),
    project('faults', '<rootDir>/test/faults/**/*.fault-spec.ts'),
    project('drills', '<rootDir>/test/drills/**/*.drill-spec.ts'),
    project('properties', '<rootDir>/test/properties/**/*.property-spec.ts'),
    project('security', '<rootDir>/test/security/**/*.security-spec.ts'),
    project('fuzz', '<rootDir>/test/fuzz/**/*.fuzz-spec.ts'),
  ],
};
