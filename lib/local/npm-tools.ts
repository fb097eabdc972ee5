import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from './package-root';
import { during, silent, type Progress } from './progress';
import { runCommand } from './run-command';
import { cacheDir, cacheKey, cached } from './tool-cache';

/** Sets of npm packages that are fetched on demand: too large, or too particular to a platform, for everybody's install. */
export type NpmToolSet = 'wasm' | 'node';

const descriptions: Record<NpmToolSet, string> = {
  wasm: 'the Wasm toolchain (jco, componentize-js)',
  node: 'Node.js 24',
};

function sourceDir(set: NpmToolSet): string {
  return path.join(packageRoot(), 'lib', 'local', 'tools', set);
}

function keyOf(set: NpmToolSet): string {
  const files = ['package.json', 'package-lock.json'].map((file) =>
    readFileSync(path.join(sourceDir(set), file)),
  );
  return cacheKey(set, 'npm', ...files);
}

/** The folder of an installed set, if it is installed. */
export function installedNpmTools(set: NpmToolSet): string | undefined {
  const dir = path.join(cacheDir(), keyOf(set));
  return existsSync(dir) ? dir : undefined;
}

/**
 * The folder of a set, whose `node_modules` holds exactly what its lock file pins; installed on first use.
 * @throws KasmError when npm is missing or cannot fetch the packages
 */
export async function npmTools(
  set: NpmToolSet,
  { progress = silent }: { progress?: Progress } = {},
): Promise<string> {
  const installed = installedNpmTools(set);
  if (installed !== undefined) return installed;
  const text = `Installing ${descriptions[set]} (once)`;
  return during(progress, text, (step) =>
    cached(keyOf(set), step, async (dir) => {
      for (const file of ['package.json', 'package-lock.json']) {
        cpSync(path.join(sourceDir(set), file), path.join(dir, file));
      }
      // Not `npm ci`: it refuses a lock file that lacks an optional package of any platform, and not every registry has them all.
      await runCommand('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
        cwd: dir,
      });
    }),
  );
}
