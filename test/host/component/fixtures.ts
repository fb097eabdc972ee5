import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const fixtures = path.join(__dirname, 'fixtures');

/** A core module of the fixtures as a component, made by wasm-tools; kept for the next run. */
export async function wasmToolsComponent(name: string): Promise<Uint8Array> {
  const inputs = [`${name}.wat`, `${name}.wit`].filter((file) => existsSync(path.join(fixtures, file)));
  const key = createHash('sha256');
  for (const file of inputs) key.update(readFileSync(path.join(fixtures, file)));
  const kept = path.join(tmpdir(), `kasmcloud-${name}-${key.digest('hex').slice(0, 16)}.wasm`);
  if (!existsSync(kept)) {
    const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-component-'));
    try {
      for (const file of inputs) copyFileSync(path.join(fixtures, file), path.join(dir, file));
      const tools = process.env['KASMCLOUD_TEST_WASM_TOOLS'] ?? '';
      const builder = path.join(__dirname, 'build.mjs');
      await promisify(execFile)(process.execPath, [builder, tools, path.join(dir, name)]);
      copyFileSync(path.join(dir, `${name}.wasm`), kept);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }
  return readFileSync(kept);
}
