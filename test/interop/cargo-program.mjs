// Builds a Rust program of this folder's tests once, at the lowest priority; later runs find it in the cache, keyed by its sources.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * @param {string} source folder of the crate, which gives the program its name
 * @param {{ inputs: string[], takes: string, wrapper?: string }} options `inputs`: the files of the crate; `takes`: how long, for people;
 * `wrapper`: the input that cargo calls in place of rustc
 * @returns {string} path of the program; ends this process when it cannot be built
 */
export function cargoProgram(source, { inputs, takes, wrapper }) {
  const name = path.basename(source);
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(readFileSync(path.join(source, file)));
  const tools = path.join(
    process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
    'kasmcloud',
    'tools',
  );
  const program = path.join(tools, `${name}-${hash.digest('hex').slice(0, 12)}`, name);
  if (existsSync(program)) return program;

  // Not in the repository: cargo writes a lock file and gigabytes of objects, which speed up the next build when a file changes.
  const work = path.join(tools, `${name}-build`);
  for (const file of inputs) cpSync(path.join(source, file), path.join(work, file));
  // Programs that are compiled alike share what they depend on.
  const target = path.join(wrapper === undefined ? tools : work, 'cargo-target');
  console.error(`Building ${name} in ${work} (once, ${takes})`);
  const built = spawnSync('cargo', ['build', '--release'], {
    cwd: work,
    stdio: ['ignore', 2, 2],
    env: {
      ...process.env,
      ...(wrapper && { RUSTC_WRAPPER: path.join(work, wrapper) }),
      CARGO_TARGET_DIR: target,
    },
  });
  if (built.error) {
    console.error(`${name} needs cargo (Rust 1.90 or later) on the PATH to be built: ${built.error.message}`);
    process.exit(1);
  }
  if (built.status !== 0) process.exit(built.status ?? 1);
  mkdirSync(path.dirname(program), { recursive: true });
  const draft = `${program}.${process.pid}`;
  copyFileSync(path.join(target, 'release', name), draft);
  chmodSync(draft, 0o755);
  renameSync(draft, program);
  return program;
}
