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

/** Builds a fixture, `hello.wat` or `handler.ts`. */
export function component(source: string): Promise<Component> {
  const file = path.join(fixtures, source);
  const inputs = readdirSync(fixtures).filter((each) => each.endsWith('.wit') || each === source);
  return built(
    file,
    inputs.map((each) => path.join(fixtures, each)),
  );
}

/**
 * Builds a component from a source, or takes it from the temporary folder where an earlier run left it: building one of TypeScript takes
 * half a minute. `inputs` are the files that decide what comes out; `world` is the one with its world, if it has none beside it, and how its texts are
 * encoded, if not in UTF-8.
 */
export async function built(
  source: string,
  inputs: readonly string[],
  world: readonly string[] = [],
): Promise<Component> {
  const key = createHash('sha256');
  for (const input of [builder, ...inputs]) key.update(readFileSync(input));
  key.update(world.slice(1).join());
  const cache = path.join(tmpdir(), 'kasmcloud-test-components');
  const wasm = path.join(cache, `${path.basename(source)}-${key.digest('hex').slice(0, 16)}.wasm`);
  if (!existsSync(wasm)) {
    mkdirSync(cache, { recursive: true });
    const temporary = path.join(cache, `.tmp-${randomUUID()}`);
    const tools = process.env['KASMCLOUD_TEST_WASM_TOOLS'] ?? '';
    await promisify(execFile)(process.execPath, [builder, tools, source, temporary, ...world]);
    renameSync(temporary, wasm);
  }
  const digest = createHash('sha256').update(readFileSync(wasm)).digest('hex');
  return { wasm, digest: `sha256:${digest}` };
}
