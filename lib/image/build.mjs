// Builds dist/: the library's doors with tsc (CommonJS and types), the command and its workers with esbuild (one file each).
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { build } from 'esbuild';
import { bundledPackages, noticeText } from './notices.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
process.chdir(root);
rmSync('dist', { recursive: true, force: true });

const tsc = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', '.config/tsconfig.build.json'],
  {
    stdio: 'inherit',
  },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

/** Bundles that run on their own: name in dist and its entry. */
const bundles = { 'kasmcloud.cjs': 'lib/cli/main.ts', 'host-worker.cjs': 'lib/host/worker/main.ts' };

const metafiles = [];
for (const [file, entry] of Object.entries(bundles)) {
  if (!existsSync(entry)) continue;
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: path.join('dist', file),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // ES modules where a package has them: of these, what nobody uses is left out.
    mainFields: ['module', 'main'],
    conditions: ['module'],
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    // Names stay, for the sake of stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
    metafile: true,
    banner: file === 'kasmcloud.cjs' ? { js: '#!/usr/bin/env node' } : {},
  });
  metafiles.push(metafile);
}

const external = ({ path }) => ({ path, external: true });

// The evaluator of CEL is an ES module, which test runners such as jest do not load from CommonJS: its code goes into the module that uses it.
const cel = await build({
  entryPoints: ['lib/api/cel.ts'],
  outfile: 'dist/lib/api/cel.js',
  allowOverwrite: true,
  bundle: true,
  plugins: [
    { name: 'own modules', setup: (bundle) => bundle.onResolve({ filter: /^\.\/schema$/ }, external) },
  ],
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
});
metafiles.push(cel.metafile);

const packages = bundledPackages(metafiles);
writeFileSync('dist/bundled-packages.json', `${JSON.stringify(packages)}\n`);
writeFileSync('dist/third-party-licenses.txt', noticeText(packages));
