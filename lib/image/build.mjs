// Builds dist/: the library's doors with tsc (CommonJS and types), the command and its workers with esbuild (one file each).
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { build } from 'esbuild';

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

for (const [file, entry] of Object.entries(bundles)) {
  if (!existsSync(entry)) continue;
  await build({
    entryPoints: [entry],
    outfile: path.join('dist', file),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    banner: file === 'kasmcloud.cjs' ? { js: '#!/usr/bin/env node' } : {},
  });
}
