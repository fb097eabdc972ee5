import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { App } from 'cdk8s';
import { ConfigMap, Secret } from 'cdk8s-plus-27';
import {
  Actor,
  Config,
  Host,
  Lattice,
  Provider,
  WasmCloudDistribution,
  WasmCloudLattice,
} from '../../constructs';
import { tool } from '../../lib/local/tool';

const run = promisify(execFile);
const root = path.resolve(__dirname, '../..');
let kubectlPath: string;
let out: string;

beforeAll(async () => {
  kubectlPath = await tool('kubectl');
});
beforeEach(() => {
  out = mkdtempSync(path.join(tmpdir(), 'kasmcloud-synth-'));
});
afterEach(async () => {
  await kubectl('delete', '--ignore-not-found', '--wait=false', '-f', out);
  rmSync(out, { recursive: true });
});

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await run(kubectlPath, [
    '--kubeconfig',
    process.env['KASMCLOUD_TEST_KUBECONFIG'] ?? '',
    ...args,
  ]);
  return stdout;
}

/** Applies what was written, in the order in which kubectl reads it. */
const apply = async () => (await kubectl('apply', '-f', out)).trim().split('\n');

test('`cdk8s synth` at the root of the repository writes YAML that `kubectl apply` takes', async () => {
  await run(
    process.execPath,
    [path.join(root, 'node_modules/cdk8s-cli/bin/cdk8s'), 'synth', '--check-upgrade=false', '--output', out],
    { cwd: root },
  );
  expect(readdirSync(out)).toEqual(['hello.k8s.yaml']);
  expect(await apply()).toEqual([
    'namespace/hello created',
    'wasmcloudactor.kasmcloud.io/hello created',
    'wasmcloudprovider.kasmcloud.io/http created',
    'wasmcloudlink.kasmcloud.io/http-hello-wasi-http created',
  ]);
  expect((await apply()).every((line) => line.endsWith(' unchanged'))).toBe(true);
});

test('what the constructs make of every property is what the API server takes, field by field', async () => {
  const app = new App({ outdir: out });
  const lattice = new Lattice(app, 'synth-all', { labels: { team: 'a' } });
  const settings = new ConfigMap(lattice, 'settings', { data: { a: '1' } });
  const secret = Secret.fromSecretName(lattice, 'Secret', 'registry');
  const edge = new Host(lattice, 'edge', {
    labels: { zone: 'eu-1' },
    taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }],
    unschedulable: true,
    capacity: { instances: 10, providers: 2, memory: '2Gi' },
    drainGraceSeconds: 5,
  });
  const cart = new Actor(lattice, 'cart', {
    image: 'registry.example.com/cart:1.4.0',
    instances: 7,
    componentId: 'the-cart',
    imagePullPolicy: 'Always',
    imagePullSecrets: [secret],
    host: edge,
    tolerations: [{ key: 'gpu', operator: 'Exists' }],
    config: Config.from({ b: '2' }, settings, secret),
    limits: { memory: '64Mi', executionTimeMs: 5000 },
  });
  const redis = new Provider(lattice, 'redis', {
    runtime: 'Container',
    image: 'registry.example.com/redis:1.0.0',
    container: { replicas: 2, args: ['--verbose'] },
    service: { enabled: true, ports: [{ name: 'redis', port: 6379 }] },
  });
  new Provider(lattice, 'outside', { runtime: 'External' });
  new WasmCloudDistribution(lattice, 'spread', {
    spec: { instances: 3, template: { actor: { image: 'registry.example.com/desk:1.0.0' } } },
  });
  new WasmCloudLattice(lattice, 'lattice', { spec: {} });
  cart.linkTo(redis, {
    wit: 'wasi:keyvalue/store,atomics',
    name: 'primary',
    sourceConfig: { c: '3' },
    targetConfig: Config.from(secret),
  });
  app.synth();

  const strict = await kubectl('apply', '--validate=strict', '-f', out);
  expect(strict.trim().split('\n')).toHaveLength(9);
  const actor = JSON.parse(await kubectl('get', 'wca', 'cart', '-n', 'synth-all', '-o', 'json')) as {
    spec: object;
  };
  expect(actor.spec).toMatchObject({
    image: 'registry.example.com/cart:1.4.0',
    instances: 7,
    componentId: 'the-cart',
    imagePullPolicy: 'Always',
    imagePullSecrets: [{ name: 'registry' }],
    host: 'synth-all-edge',
    tolerations: [{ key: 'gpu', operator: 'Exists' }],
    config: { values: { b: '2' }, configFrom: [{ name: settings.name }], secretFrom: [{ name: 'registry' }] },
    limits: { memory: '64Mi', executionTimeMs: 5000 },
  });
});
