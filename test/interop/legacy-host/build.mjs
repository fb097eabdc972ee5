// Builds the legacy host once: node build.mjs prints the path of the program. It takes about half an hour of one core, at the
// lowest priority; later runs find it in the cache, keyed by this folder's contents.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const source = path.dirname(fileURLToPath(import.meta.url));
const inputs = ['Cargo.toml', 'rustc.sh', 'src/main.rs'];

const hash = createHash('sha256');
for (const file of inputs) hash.update(readFileSync(path.join(source, file)));
const tools = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
  'kasmcloud',
  'tools',
);
const program = path.join(tools, `legacy-host-${hash.digest('hex').slice(0, 12)}`, 'legacy-host');

if (!existsSync(program)) {
  // Not in the repository: cargo writes a lock file and two gigabytes of objects, which speed up the next build when a file changes.
  const work = path.join(tools, 'legacy-host-build');
  for (const file of inputs)
    cpSync(path.join(source, file), path.join(work, file), { preserveTimestamps: true });
  console.error(`Building the legacy host in ${work} (once, about half an hour)`);
  const built = spawnSync('nice', ['-n', '19', 'cargo', 'build', '--release', '-j', '1'], {
    cwd: work,
    stdio: ['ignore', 2, 2],
    env: {
      ...process.env,
      RUSTC_WRAPPER: path.join(work, 'rustc.sh'),
      CARGO_TARGET_DIR: path.join(work, 'target'),
    },
  });
  if (built.error) {
    console.error(
      `The legacy host needs cargo (Rust 1.90 or later) on the PATH to be built: ${built.error.message}`,
    );
    process.exit(1);
  }
  if (built.status !== 0) process.exit(built.status ?? 1);
  mkdirSync(path.dirname(program), { recursive: true });
  const draft = `${program}.${process.pid}`;
  copyFileSync(path.join(work, 'target', 'release', 'legacy-host'), draft);
  chmodSync(draft, 0o755);
  renameSync(draft, program);
}
console.log(program);
