// What a platform repository installs with kasmcloud, over cdk8s, cdk8s-plus-27 and constructs alone: MB of files in node_modules.
import { execFile } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

export const rows = ['library.install'];

export async function* measure() {
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const alone = ['cdk8s', 'cdk8s-plus-27', 'constructs'].map((name) => `${name}@${devDependencies[name]}`);
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));
  try {
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', dir, root];
    const [{ filename }] = JSON.parse((await run('npm', pack)).stdout);
    yield {
      name: 'library.install',
      unit: 'MB',
      value: await installed([...alone, path.join(dir, filename)]),
      rival: 'cdk8s, cdk8s-plus-27 and constructs alone',
      rivalValue: await installed(alone),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** MB that an empty project has on its disk once these packages are installed. */
async function installed(packages) {
  const cwd = mkdtempSync(path.join(tmpdir(), 'kasmcloud-bench-'));
  try {
    writeFileSync(path.join(cwd, 'package.json'), '{ "private": true }');
    const install = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', [...install, ...packages], { cwd });
    return sizeOf(path.join(cwd, 'node_modules')) / 1024 ** 2;
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

function sizeOf(file) {
  const stat = lstatSync(file);
  const own = stat.blocks * 512;
  if (!stat.isDirectory()) return own;
  return readdirSync(file).reduce((sum, name) => sum + sizeOf(path.join(file, name)), own);
}
