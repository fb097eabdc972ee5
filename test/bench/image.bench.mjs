// The image that all roles share, and what a role of it holds in memory while it has nothing to do. The rivals are bounds.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { proportionalMemory } from './memory.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const roles = ['reconciler', 'host'];

export const rows = ['image.size', ...roles.map((role) => `role.idle.memory.${role}`)];

export async function* measure(isWanted) {
  if (isWanted('image.size')) {
    execFileSync(process.execPath, [path.join(root, 'lib/image/image.mjs')], { stdio: ['ignore', 2, 2] });
    const { size } = JSON.parse(readFileSync(path.join(root, 'dist/image.json'), 'utf8'));
    yield { name: 'image.size', value: round(size / 1e6), unit: 'MB', rival: 'bound', rivalValue: 45 };
  }
  if (roles.some((role) => isWanted(`role.idle.memory.${role}`))) yield* idleMemory();
}

async function* idleMemory() {
  const dataHome = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));
  const kasmcloud = async (...args) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.join(root, 'dist/kasmcloud.cjs'), ...args, '--name', 'bench'],
      { cwd: root, env: { ...process.env, XDG_DATA_HOME: dataHome } },
    );
    return stdout;
  };
  try {
    await kasmcloud('up');
    await new Promise((resolve) => setTimeout(resolve, 30_000)); // what start-up needed has been given back
    const { processes } = JSON.parse(await kasmcloud('status', '--json'));
    for (const role of roles) {
      const { pid } = processes.find(({ name }) => name === role);
      yield {
        name: `role.idle.memory.${role}`,
        value: round(proportionalMemory(pid)),
        unit: 'MB',
        rival: 'bound',
        rivalValue: 80,
      };
    }
  } finally {
    await kasmcloud('down', '--purge');
    rmSync(dataHome, { recursive: true, force: true });
  }
}

function round(value) {
  return Math.round(value * 10) / 10;
}
