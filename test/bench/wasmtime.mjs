// Builds wasmtime's command once from its published crate; later runs find it in the cache.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { toolsDir } from './tools-dir.mjs';

const version = '38.0.4';
const features = 'serve,run,cranelift,pooling-allocator,parallel-compilation,cache';

/** @returns {string} path of the program */
export function wasmtime() {
  const program = path.join(toolsDir(), `wasmtime-${version}`, 'wasmtime');
  if (existsSync(program)) return program;
  const root = path.join(toolsDir(), 'wasmtime-build', 'root');
  console.error(`Building wasmtime ${version} (once, about half an hour of processor time)`);
  const args = ['install', 'wasmtime-cli', '--version', version, '--locked', '--no-default-features'];
  const { status, error } = spawnSync('cargo', [...args, '--features', features, '--root', root], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, CARGO_TARGET_DIR: path.join(toolsDir(), 'wasmtime-build', 'target') },
  });
  if (status !== 0)
    throw new Error('wasmtime could not be built: it needs cargo on the PATH', { cause: error });
  mkdirSync(path.dirname(program), { recursive: true });
  const draft = `${program}.${process.pid}`;
  copyFileSync(path.join(root, 'bin', 'wasmtime'), draft);
  chmodSync(draft, 0o755);
  renameSync(draft, program);
  return program;
}
