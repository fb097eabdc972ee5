import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

// A new platform repo as its owner has it: with the package that npm makes, not with the sources beside it.

const root = path.resolve(__dirname, '../..');
const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-init-'));
const repo = path.join(dir, 'My Platform');

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

const kasmcloud = (...args: string[]): string =>
  run(dir, process.execPath, path.join(root, 'dist/kasmcloud.cjs'), ...args);

test('installs, type-checks, passes its tests and synthesizes', () => {
  expect(kasmcloud('init', repo)).toMatch(/npm install\nnpm test\nnpx kasmcloud up \. .*\n$/);
  const tarball = run(root, 'npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', dir).trim();
  const file = path.join(repo, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
    name: string;
    dependencies: Record<string, string>;
  };
  expect(manifest.name).toBe('my-platform');
  manifest.dependencies['kasmcloud'] = `file:${path.join(dir, tarball)}`;
  writeFileSync(file, JSON.stringify(manifest));

  run(repo, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline');
  run(repo, 'npm', 'test');
  run(repo, 'npm', 'run', 'synth');
  const [written = ''] = readdirSync(path.join(repo, 'dist'));
  expect(readFileSync(path.join(repo, 'dist', written), 'utf8')).toMatch(/kind: WasmCloudDistribution\n/);
  // What `up`, `diff` and `graph` do with it.
  expect(kasmcloud('graph', repo)).toContain('subgraph g0["lattice my-platform"]');
});

test('writes nothing over what is there', () => {
  expect(() => kasmcloud('init', repo)).toThrow(/My Platform is not empty/);
});
