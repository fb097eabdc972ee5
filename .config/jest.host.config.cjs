// Tests of the host: they run under the Node that runs the host, with real components in real worker threads.
const base = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/host/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/host/setup.ts',
  globalTeardown: '<rootDir>/test/host/teardown.ts',
  testTimeout: 60_000,
};
