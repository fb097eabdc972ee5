// ESM-only packages that the sources import; everything else in node_modules is CommonJS and loads as it is.
const esm = ['@kubernetes/client-node', 'openid-client', 'oauth4webapi', 'jose', '@marcbachmann/cel-js'];

/** @type {import('jest').Config} */
module.exports = {
  rootDir: '..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Suites with a configuration of their own: they need another Node, servers, or the built command.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(integration|host|e2e|interop)/'],
  // The manifest of the component package for Pulumi has the name of this package, too.
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/stacks/component/package.json'],
  moduleNameMapper: {
    '^kasmcloud$': '<rootDir>/constructs/index.ts',
    '^kasmcloud/(stacks)$': '<rootDir>/$1/index.ts',
    '^kasmcloud/(api|provider)$': '<rootDir>/lib/$1/index.ts',
  },
  transform: { '\\.[cm]?[jt]s$': ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' } }] },
  transformIgnorePatterns: [`/node_modules/(?!(${esm.join('|')})/)`],
  testTimeout: 30_000,
};
