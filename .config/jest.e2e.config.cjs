const base = require('./jest.config.cjs');

/** The whole system as a user runs it: the built command in processes of its own. */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  testPathIgnorePatterns: [],
  testTimeout: 300_000,
};
