import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { main } from '../../../lib/cli/main';

// The command belongs to a package: it looks for what else is in it.
const root = path.resolve(__dirname, '../../..');
let out = '';

beforeEach(() => {
  out = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => jest.restoreAllMocks());

test.each([
  [['u'], ['uncordon', 'up']],
  [['import', ''], ['wadm']],
  [['export', 'w'], ['wadm']],
  [
    ['import', 'wadm', '--out'],
    ['--output', '--output-dir'],
  ],
  [
    ['import', 'wadm', 'a.yaml', '-o', ''],
    ['typescript', 'yaml'],
  ],
  [['graph', '--output', 's'], ['svg']],
  [['up', '--timeout', ''], []],
  [['up', '--name=x', '--on'], ['--once']],
  [
    ['completion', ''],
    ['bash', 'fish', 'powershell', 'zsh'],
  ],
  [['kubectl', '--', 'g'], []],
  [['nonsense', ''], expect.arrayContaining(['up']) as string[]],
])('of %j', async (words, offered) => {
  expect(await main(['__complete', ...words])).toBe(0);
  expect(out.split('\n').filter((line) => line !== '')).toEqual(offered);
});

test('every command is offered but the hidden one', async () => {
  await main(['__complete', '']);
  const offered = out.split('\n').filter((line) => line !== '');
  out = '';
  await main(['--help']);
  const shown = [...out.slice(out.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name);
  expect(offered).toEqual(shown.sort());
  expect(offered).not.toContain('__complete');
});

test('an unknown shell is not understood', async () => {
  expect(await main(['completion', 'tcsh'])).toBe(2);
});

describe('in a real bash', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(path.join(root, 'node_modules', '.kasmcloud-completion-'));
    const command = path.join(dir, 'kasmcloud');
    buildSync({
      entryPoints: [path.join(root, 'lib/cli/main.ts')],
      outfile: command,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      banner: { js: '#!/usr/bin/env node' },
      logLevel: 'error',
    });
    chmodSync(command, 0o755);
    writeFileSync(path.join(dir, 'manifest.yaml'), '');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  /** What Tab after these words would offer of ours. */
  const tab = (...words: string[]): string[] => {
    const script = `
      source <(kasmcloud completion bash)
      COMP_WORDS=(kasmcloud "$@"); COMP_CWORD=$#
      "$(complete -p kasmcloud | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, 'bash', ...words], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${dir}:${process.env['PATH'] ?? ''}` },
    });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  };

  test('commands, subcommands, options and their values', () => {
    expect(tab('ex')).toEqual(['export']);
    expect(tab('export', '')).toEqual(['typescript', 'wadm']);
    expect(tab('import', 'wadm', '-o', 'y')).toEqual(['yaml']);
    expect(tab('import', 'wadm', 'man')).toEqual([]);
  });
});

test.each([
  ['bash', 'bash', ['-n']],
  ['zsh', 'zsh', ['-n']],
  ['fish', 'fish', ['--no-execute']],
])('the script for %s parses, where that shell is', async (shell, command, args) => {
  await main(['completion', shell]);
  // A file: fish reads none from the socket that Node gives as standard input.
  const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-completion-'));
  const file = path.join(dir, 'script');
  writeFileSync(file, out);
  const checked = spawnSync(command, [...args, file], { encoding: 'utf8' });
  rmSync(dir, { recursive: true });
  const missing = (checked.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  expect(missing || checked.status === 0).toBe(true);
  expect(out).toContain('kasmcloud __complete');
});
