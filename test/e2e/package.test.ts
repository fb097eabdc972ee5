import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { EmptyProject, nodeOf } from '../empty-project';

const program = `import { App } from 'cdk8s';
import { Actor, Lattice, Provider } from 'kasmcloud';
import { type WasmCloudActor, validateManifest } from 'kasmcloud/api';

const app = new App();
const lattice = new Lattice(app, 'shop');
const cart = new Actor(lattice, 'cart', { image: 'registry.example.com/cart:1.4.0' });
const http = Provider.httpServer(lattice, 'http');
http.linkTo(cart, { wit: 'wasi:http/incoming-handler', sourceConfig: { address: '127.0.0.1:8080' } });
app.synth();

const bad: WasmCloudActor = {
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudActor',
  metadata: { name: 'bad' },
  spec: { image: 'registry.example.com/cart:1.4.0', instances: -1 },
};
console.log(validateManifest(bad)[0]?.path);
`;

const application = `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata:
  name: hello
  annotations: {}
spec:
  components:
    - name: greeter
      type: component
      properties: { image: registry.example.com/greeter:1.0.0 }
      traits:
        - { type: spreadscaler, properties: { instances: 3 } }
`;

/** The same program for `node` alone. */
const scripts = {
  'synth.mjs': program.replace('type WasmCloudActor, ', '').replace(': WasmCloudActor', ''),
  'synth.cjs': program
    .replace('type WasmCloudActor, ', '')
    .replace(': WasmCloudActor', '')
    .replace(/import (.*) from (.*);/g, 'const $1 = require($2);'),
};

let project: EmptyProject;

beforeAll(async () => {
  // Neither Pulumi nor NATS is there: whatever loads them without need fails.
  project = await EmptyProject.create(['cdk8s', 'cdk8s-plus-27', 'constructs', 'typescript', '@types/node']);
  for (const file of ['shop.mts', 'shop.cts', 'shop.ts']) project.write(file, program);
  for (const [file, text] of Object.entries(scripts)) project.write(file, text);
}, 600_000);

afterAll(() => project?.remove());

test('the package holds what users need, and nothing else', () => {
  const allowed =
    /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|crds\/[a-z]+\.yaml|(dist|examples|lib\/local\/tools|stacks\/component)\/.+)$/;
  expect(project.files.filter((file) => !allowed.test(file))).toEqual([]);
  expect(
    project.files.filter((file) =>
      /(^|\/)(test|node_modules)\/|\.test\.|\.map$|\.env|\.key$|\.pem$|kubeconfig$|\.wasm$/.test(file),
    ),
  ).toEqual([]);
  expect(project.files).toEqual(
    expect.arrayContaining(['LICENSE', 'crds/kasmcloud.yaml', 'dist/third-party-licenses.txt']),
  );
});

describe('types', () => {
  test.each([['node16'], ['nodenext']])('%s', async (module) => {
    await project.checkTypes(['shop.mts', 'shop.cts'], '--module', module);
  });

  test('bundler; wrong props are found', async () => {
    project.write('wrong.ts', program.replace("'registry.example.com/cart:1.4.0' }", '7 }'));
    const options = ['--module', 'esnext', '--moduleResolution', 'bundler'];
    const errors = await project.checkTypes(['shop.ts', 'wrong.ts'], ...options).catch(String);
    expect(errors).toMatch(/wrong\.ts.*Type 'number' is not assignable to type 'string'/);
    expect(String(errors).match(/^\S+\.ts\(/gm)).toEqual(['wrong.ts(']);
  });
});

describe.each([20, 22, 24])('Node %i', (major) => {
  let node: string;
  beforeAll(async () => (node = await nodeOf(major)), 300_000);

  test.each(Object.keys(scripts))('%s synthesizes', async (script) => {
    expect(await project.node(node, '-p', 'process.versions.node')).toMatch(new RegExp(`^${major}\\.`));
    expect(await project.node(node, script)).toBe('spec.instances\n');
    const [manifest = ''] = readdirSync(path.join(project.dir, 'dist'));
    const yaml = readFileSync(path.join(project.dir, 'dist', manifest), 'utf8');
    expect(yaml.match(/^kind: .*/gm)).toEqual(
      expect.arrayContaining(['kind: WasmCloudActor', 'kind: WasmCloudProvider', 'kind: WasmCloudLink']),
    );
  });

  test('the command runs', async () => {
    expect(await project.node(node, 'node_modules/kasmcloud/dist/kasmcloud.cjs', '--help')).toContain(
      'up [options] [source]',
    );
  });
});

test('the main entry loads nothing but cdk8s, cdk8s-plus, constructs and CEL', async () => {
  const script = `require('cdk8s'); require('cdk8s-plus-27');
    const before = new Set(Object.keys(require.cache));
    require('kasmcloud');
    const packages = Object.keys(require.cache).filter((file) => !before.has(file))
      .map((file) => /.*node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(file)[1]);
    console.log([...new Set(packages)].sort().join());`;
  const loaded = (await project.node(process.execPath, '-e', script)).trim().split(',');
  expect(loaded.filter((name) => name !== '@marcbachmann/cel-js')).toEqual(['kasmcloud']);
});

test('definitions resolve; what is not an entry does not', async () => {
  const resolve = (id: string) =>
    project.node(process.execPath, '-p', `require.resolve(${JSON.stringify(id)})`);
  expect(await resolve('kasmcloud/crds/kasmcloud.yaml')).toMatch(/crds\/kasmcloud\.yaml\n$/);
  expect(await resolve('kasmcloud/package.json')).toMatch(/kasmcloud\/package\.json\n$/);
  await expect(resolve('kasmcloud/dist/lib/base/errors.js')).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test.each([
  ['kasmcloud/stacks', '@pulumi/pulumi'],
  ['kasmcloud/provider', 'nats'],
])('%s asks for %s, its peer', async (entry, peer) => {
  await expect(project.node(process.execPath, '-e', `require('${entry}')`)).rejects.toThrow(
    `Cannot find module '${peer}'`,
  );
});

describe('npx kasmcloud', () => {
  test('imports a manifest of wadm as a program, which synthesizes', async () => {
    project.write('wadm.yaml', application);
    await project.kasmcloud('import', 'wadm', 'wadm.yaml', '--output', 'typescript', '-f', 'imported');
    await project.checkTypes(['imported/main.ts'], '--module', 'nodenext');
    expect(await project.kasmcloud('graph', 'imported/main.ts')).toContain('greeter');
  });
});
