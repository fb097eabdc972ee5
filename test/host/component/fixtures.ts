import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const fixtures = path.join(__dirname, 'fixtures');
const builder = path.join(__dirname, 'build.mjs');

/** A fixture as a component, made by the tools that users have; kept in the temporary folder for the next run. */
export async function toolchainComponent(name: string): Promise<Uint8Array> {
  const key = createHash('sha256').update(readFileSync(builder));
  for (const file of readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).sort()) {
    const full = path.join(fixtures, file);
    if (file.startsWith(name) && statSync(full).isFile()) key.update(readFileSync(full));
  }
  const cache = path.join(tmpdir(), 'kasmcloud-test-components');
  const kept = path.join(cache, `${name}-${key.digest('hex').slice(0, 16)}.wasm`);
  if (!existsSync(kept)) {
    mkdirSync(cache, { recursive: true });
    const temporary = path.join(cache, `.tmp-${randomUUID()}`);
    const tools = process.env['KASMCLOUD_TEST_WASM_TOOLS'] ?? '';
    await promisify(execFile)(process.execPath, [builder, tools, name, temporary]);
    renameSync(temporary, kept);
  }
  return readFileSync(kept);
}
