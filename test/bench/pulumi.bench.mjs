// What `pulumi up` of 1,000 objects through our stacks costs over the same objects written with the classes of @pulumi/kubernetes.
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const programs = fileURLToPath(new URL('pulumi', import.meta.url));

export const rows = ['library.pulumi.up'];

export async function* measure() {
  // As deep in the package as its source: the stand-ins find its node_modules from there.
  const child = path.join(root, 'node_modules', '.cache', 'kasmcloud-bench', 'pulumi-up.cjs');
  await build({
    entryPoints: [path.join(programs, 'up.ts')],
    outfile: child,
    bundle: true,
    packages: 'external',
    platform: 'node',
    logLevel: 'warning',
  });
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [child, programs], {
      maxBuffer: 64 * 1024 * 1024,
    });
    const seconds = JSON.parse(stdout);
    yield {
      name: 'library.pulumi.up',
      value: seconds.kasmcloud,
      unit: 's of processor',
      rival: 'classes of @pulumi/kubernetes',
      rivalValue: seconds['by-hand'],
    };
  } finally {
    rmSync(child, { force: true });
  }
}
