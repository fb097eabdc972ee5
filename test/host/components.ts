import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const fixtures = path.join(__dirname, 'fixtures');
const builder = path.join(__dirname, 'build-component.mjs');

/** A component on disk. */
export interface Component {
  readonly wasm: string;
  readonly digest: string;
}

/**
 * Builds a fixture, `hello.wat` or `handler.ts`, or takes it from the temporary folder where an earlier run left it: building the
 * TypeScript one takes half a minute.
 */
export async function component(source: string): Promise<Component> {
  const inputs = [
    builder,
    ...readdirSync(fixtures).filter((file) => file.endsWith('.wit') || file === source),
  ];
  const key = createHash('sha256');
  for (const input of inputs) key.update(readFileSync(path.resolve(fixtures, input)));
  const cache = path.join(tmpdir(), 'kasmcloud-test-components');
  const wasm = path.join(cache, `${source}-${key.digest('hex').slice(0, 16)}.wasm`);
  if (!existsSync(wasm)) {
    mkdirSync(cache, { recursive: true });
    const temporary = path.join(cache, `.tmp-${randomUUID()}`);
    const tools = process.env['KASMCLOUD_TEST_WASM_TOOLS'] ?? '';
    await promisify(execFile)(process.execPath, [builder, tools, path.join(fixtures, source), temporary]);
    renameSync(temporary, wasm);
  }
  const digest = createHash('sha256').update(readFileSync(wasm)).digest('hex');
  return { wasm, digest: `sha256:${digest}` };
}
