import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findTool, tool, toolVersion } from '../../../lib/local/tool';

let dir: string;
const before = { ...process.env };

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-tool-'));
  process.env['PATH'] = dir;
  process.env['XDG_CACHE_HOME'] = path.join(dir, 'cache');
  for (const name of Object.keys(process.env)) if (name.startsWith('KASMCLOUD_')) delete process.env[name];
});

afterEach(() => {
  process.env = { ...before };
  rmSync(dir, { recursive: true });
});

function install(name: string, output: string): string {
  const file = path.join(dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho '${output}'\n`);
  chmodSync(file, 0o755);
  return file;
}

test('a variable names the binary, whatever its version', async () => {
  process.env['KASMCLOUD_NATS_SERVER'] = install('elsewhere/nats', 'nats-server: v1.0.0');
  await expect(tool('nats-server')).resolves.toBe(path.join(dir, 'elsewhere/nats'));
});

test('a variable that names nothing is an error, not a fallback', async () => {
  install('nats-server', 'nats-server: v2.12.4');
  process.env['KASMCLOUD_NATS_SERVER'] = '/nowhere/nats-server';
  await expect(tool('nats-server')).rejects.toThrow(/KASMCLOUD_NATS_SERVER=\/nowhere\/nats-server/);
});

test.each([
  ['nats-server', 'nats-server: v2.12.4', true],
  ['nats-server', 'nats-server: v2.9.1', false],
  ['kubectl', 'Client Version: v1.35.4', true],
  ['kubectl', 'Client Version: v1.32.4', false],
  ['k3s', 'k3s version v1.34.1+k3s1 (abc)', true],
  ['k3s', 'k3s version v1.31.9+k3s1 (abc)', false],
  ['kube-apiserver', 'Kubernetes v1.35.9', true],
  ['kube-apiserver', 'Kubernetes v1.36.0', false],
  ['kine', 'kine version dev (HEAD)', false],
] as const)('%s on PATH that says "%s" is taken: %s', async (name, output, taken) => {
  const file = install(name, output);
  const found = await findTool(name);
  expect(found).toEqual(taken ? { path: file, origin: 'path' } : undefined);
});

test('a binary that does not run is passed over', async () => {
  const file = path.join(dir, 'nats-server');
  writeFileSync(file, '#!/bin/sh\nexit 1\n');
  chmodSync(file, 0o755);
  await expect(toolVersion('nats-server', file)).resolves.toBe('unknown');
  await expect(findTool('nats-server')).resolves.toBeUndefined();
});

test('without Go, the error names each way out', async () => {
  await expect(tool('kube-apiserver')).rejects.toThrow(
    /no Go on PATH.*Install Go 1\.26 or newer.*PATH.*KASMCLOUD_KUBE_APISERVER.*KASMCLOUD_KUBE_CONTROLLER_MANAGER/s,
  );
});

test('without a C compiler, the error names each way out', async () => {
  install('go', 'gcc');
  await expect(tool('kine')).rejects.toThrow(/no C compiler \(gcc\).*Install gcc.*KASMCLOUD_KINE/s);
});

test('what is built goes to the cache whole, once, and a failed build leaves nothing', async () => {
  const go = install('go', '');
  const counter = path.join(dir, 'count');
  writeFileSync(
    go,
    `#!/bin/sh
echo x >> '${counter}'
while [ "$1" != -o ]; do shift; done
echo '#!/bin/sh' > "$2/nats-server"
/bin/chmod +x "$2/nats-server"
[ -e '${dir}/broken' ] && { echo "no space left" >&2; exit 1; }
exit 0
`,
  );
  writeFileSync(path.join(dir, 'broken'), '');
  await expect(tool('nats-server')).rejects.toThrow(/no space left/);
  await expect(findTool('nats-server')).resolves.toBeUndefined();

  rmSync(path.join(dir, 'broken'));
  const paths = await Promise.all([tool('nats-server'), tool('nats-server')]);
  expect(new Set(paths).size).toBe(1);
  expect(paths[0]).toMatch(/cache\/kasmcloud\/tools\/nats-[\d.]+-[0-9a-f]{12}\/nats-server$/);
  await expect(findTool('nats-server')).resolves.toEqual({ path: paths[0], origin: 'cache' });
  const { readFileSync } = await import('node:fs');
  expect(readFileSync(counter, 'utf8')).toBe('x\nx\n');
});
