import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { npmTools } from '../../lib/local/npm-tools';
import { progressTo } from '../../lib/local/progress';

/**
 * Bundles the worker from its sources and finds the Wasm toolchain. Tests find them through `KASMCLOUD_TEST_WORKER` (file) and
 * `KASMCLOUD_TEST_WASM_TOOLS` (folder); `KASMCLOUD_TEST_DIR` is theirs.
 */
export default async function setup(): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-host-'));
  const worker = path.join(dir, 'host-worker.cjs');
  await build({
    entryPoints: [path.join(__dirname, '../../lib/host/worker/main.ts')],
    outfile: worker,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
  });
  process.env['KASMCLOUD_TEST_DIR'] = dir;
  process.env['KASMCLOUD_TEST_WORKER'] = worker;
  process.env['KASMCLOUD_TEST_WASM_TOOLS'] ??= await npmTools('wasm', {
    progress: progressTo(process.stderr),
  });
}
