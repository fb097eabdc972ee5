import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '..');

/**
 * Bundles a TypeScript file so that tests can run it as a process of its own, and returns the path of the program. It lies inside the
 * package, where the code finds what it looks for around itself.
 */
export function bundle(entry: string): string {
  const dir = path.join(root, 'node_modules', '.cache', 'kasmcloud-test');
  const outfile = path.join(dir, `${path.basename(entry, '.ts')}.cjs`);
  mkdirSync(dir, { recursive: true });
  execFileSync(path.join(root, 'node_modules', '.bin', 'esbuild'), [
    entry,
    '--bundle',
    '--platform=node',
    '--format=cjs',
    '--target=node20',
    '--log-level=warning',
    `--outfile=${outfile}`,
  ]);
  return outfile;
}
