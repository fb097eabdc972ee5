import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** A room and the rooms below it that it may import from; `lib/base` and `lib/api` are below all of them. */
const rooms = {
  'lib/base': [],
  'lib/api': [],
  'lib/kube': ['lib/base', 'lib/api'],
  'lib/lattice': ['lib/base', 'lib/api'],
  'lib/placement': ['lib/base', 'lib/api'],
  'lib/provider': ['lib/base', 'lib/api', 'lib/lattice'],
  'lib/oam': ['lib/base', 'lib/api'],
  'lib/graph': ['lib/base', 'lib/api'],
  'lib/local': ['lib/base', 'lib/api', 'lib/kube'],
  'lib/host': ['lib/base', 'lib/api', 'lib/kube', 'lib/lattice', 'lib/placement'],
  'lib/reconciler': ['lib/base', 'lib/api', 'lib/kube', 'lib/lattice', 'lib/placement'],
  'lib/cli': [
    'lib/base',
    'lib/api',
    'lib/kube',
    'lib/lattice',
    'lib/local',
    'lib/oam',
    'lib/graph',
    'lib/host',
    'lib/reconciler',
  ],
  constructs: ['lib/api'],
  stacks: ['lib/api', 'constructs'],
};

const escape = (text) => text.replace(/[/-]/g, '\\$&');
const importRules = Object.entries(rooms).map(([room, below]) => {
  const others = Object.keys(rooms).filter((other) => other !== room && !below.includes(other));
  return {
    files: [`${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: others.map((other) => ({
            // A relative path that leaves this room and enters a room that is not below it.
            regex: `^(\\.\\./)+${escape(other.startsWith('lib/') && room.startsWith('lib/') ? other.slice(4) : other)}(/|$)`,
            message: `${room} may import only from ${below.join(', ') || 'itself'}: imports point downwards (docs/architecture.md).`,
          })),
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'lib/api/generated/**', 'examples/**/dist/**', 'coverage/**'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: new URL('..', import.meta.url).pathname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  ...importRules,
  {
    files: ['**/*.{js,mjs,cjs}'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'require',
          'module',
          '__dirname',
          'URL',
          'Buffer',
          'fetch',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'performance',
          'AbortSignal',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: { ...tseslint.configs.disableTypeChecked.rules, '@typescript-eslint/no-require-imports': 'off' },
  },
);
