import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { applyAll } from '../../lib/cli/apply';
import { parseManifests } from '../../lib/cli/manifests';
import { main } from '../../lib/cli/main';
import type { KubeClient } from '../../lib/kube';
import { testClient } from './cluster';

let client: KubeClient;
let dir: string;
let out = '';
let err = '';

beforeAll(async () => {
  client = await testClient();
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-diff-'));
});

afterAll(() => {
  client.connection.close();
  rmSync(dir, { recursive: true });
});

beforeEach(() => {
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = 0;
});

const namespace = 'diffed';
const lattice = (image: string, more: object = {}): object[] => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace }, stringData: { key: image } },
  {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudDistribution',
    metadata: { name: 'cart', namespace },
    spec: { template: { actor: { image } }, instances: 3, ...more },
  },
];

const diff = (file: string, objects: object[], ...args: string[]): Promise<number> =>
  run('diff', file, objects, ...args);

async function run(command: string, file: string, objects: object[], ...args: string[]): Promise<number> {
  out = err = '';
  writeFileSync(path.join(dir, file), objects.map((object) => `---\n${stringify(object)}`).join(''));
  const cluster = args.length > 0 ? args : ['--kubeconfig', process.env['KASMCLOUD_TEST_KUBECONFIG'] ?? ''];
  return main([command, path.join(dir, file), ...cluster]);
}

test('a lattice that is not there yet is all new', async () => {
  expect(await diff('one.yaml', lattice('r.example/cart:1'))).toBe(1);
  expect(out.match(/^--- \/dev\/null$/gm)).toHaveLength(3);
  expect(out).toContain('+++ applied/kasmcloud.io.v1alpha1.WasmCloudDistribution/diffed/cart');
});

test('apply takes a definition and objects of its kind in one go, and nothing when something is wrong', async () => {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'carts.shop.example.com' },
    spec: {
      group: 'shop.example.com',
      scope: 'Cluster',
      names: { kind: 'Cart', plural: 'carts' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  };
  const cart = { apiVersion: 'shop.example.com/v1', kind: 'Cart', metadata: { name: 'one' } };
  const slip = { ...cart, kind: 'Crat' };
  expect(await run('apply', 'slip.yaml', [cart, definition, slip])).toBe(1);
  expect(err).toContain('Crat one: The API server knows no Crat in shop.example.com/v1');
  expect(await run('apply', 'carts.yaml', [cart, definition])).toBe(0);
  expect(out).toBe(
    'cart.shop.example.com/one serverside-applied\ncustomresourcedefinition.apiextensions.k8s.io/carts.shop.example.com serverside-applied\n',
  );
});

test('what is applied differs in nothing; what then changes shows, without defaults and values of Secrets', async () => {
  const objects = lattice('r.example/cart:1');
  await applyAll(
    client,
    parseManifests(objects.map((object) => `---\n${stringify(object)}`).join(''), 'test'),
  );
  expect([await diff('one.yaml', objects), out]).toEqual([0, '']);

  expect(await diff('two.yaml', lattice('r.example/cart:2', { mode: 'Spread' }))).toBe(1);
  const changes = out.split('\n').filter((line) => /^[-+] /.test(line));
  expect(changes).toEqual([
    '-  key: "*** (before)"',
    '+  key: "*** (after)"',
    '-      image: r.example/cart:1',
    '+      image: r.example/cart:2',
  ]);
});

test('what the server refuses is an error, all of it at once, and nothing is shown', async () => {
  expect(await diff('bad.yaml', lattice('r.example/cart:1', { mode: 'Daemon' }))).toBe(2);
  expect(err).toMatch(/WasmCloudDistribution diffed\/cart: .*immutable/);
  expect(out).toBe('');
  expect(
    await diff('worse.yaml', [
      ...lattice('x', { instances: -1 }),
      { apiVersion: 'v1', kind: 'Nothing', metadata: { name: 'x' } },
    ]),
  ).toBe(2);
  expect(err).toContain('spec.instances must be >= 0, got -1');
});

test('two sources are compared without a cluster', async () => {
  const other = path.join(dir, 'one.yaml');
  expect(await diff('same.yaml', lattice('r.example/cart:1'), other)).toBe(0);
  expect(await diff('two.yaml', lattice('r.example/cart:2'), other)).toBe(1);
  expect(out).toContain('--- a/kasmcloud.io.v1alpha1.WasmCloudDistribution/diffed/cart');
  expect(await main(['diff', path.join(dir, 'none.yaml'), other])).toBe(2);
});

test('the graph of what runs', async () => {
  out = err = '';
  const cluster = ['--kubeconfig', process.env['KASMCLOUD_TEST_KUBECONFIG'] ?? ''];
  expect(await main(['graph', '--live', '-n', namespace, ...cluster])).toBe(0);
  expect(out).toMatch(
    /^ {2}subgraph g0\["lattice diffed"\]\n {4}n0\["cart<br\/>actor, 3 instances"\]\n {2}end$/m,
  );
  expect(await main(['graph', '--live', '-n', namespace, '-o', 'svg', ...cluster])).toBe(0);
  expect(out).toContain('<text class="heading"');
  expect(await main(['graph'])).toBe(1);
  expect(err).toMatch(/There is nothing to draw\nGive a program or manifests, or --live/);
});
