import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { NamespaceResource, declared, type KubeObject } from '../../lib/api';
import { applyAll } from '../../lib/cli/apply';
import { exportTypescript, exportWadm } from '../../lib/cli/export';
import type { KubeClient } from '../../lib/kube';
import { importApplications } from '../../lib/oam';
import { runProgram } from '../unit/oam/run-program';
import { ensureNamespace, testClient } from './cluster';

const folder = path.join(__dirname, '../unit/oam/fixtures');
const files = readdirSync(folder);
let client: KubeClient;
let out = '';
let err = '';

beforeAll(async () => {
  client = await testClient();
});

afterAll(() => client.connection.close());

beforeEach(() => {
  out = err = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});

afterEach(() => jest.restoreAllMocks());

/** Objects by kind and name, as somebody would declare them. */
function byName(objects: readonly KubeObject[]): Record<string, KubeObject> {
  return Object.fromEntries(
    objects.map(declared).map((object) => [`${object.kind}/${object.metadata.name}`, object]),
  );
}

test.each(files)('%s: imported, applied and exported, it means the same', async (file) => {
  const namespace = `wadm-${file.replace(/\W/g, '-')}`;
  const options = {
    namespace,
    name: 'none',
    kubeconfig: process.env['KASMCLOUD_TEST_KUBECONFIG'] ?? '',
  };
  await ensureNamespace(client, namespace);
  const text = readFileSync(path.join(folder, file), 'utf8');
  const { objects } = importApplications([{ name: file, text }], namespace);
  await applyAll(client, objects);

  await exportWadm(options);
  const again = importApplications([{ name: 'exported.yaml', text: out }], namespace);
  expect(again.problems.filter(({ level }) => level === 'error')).toEqual([]);
  expect(byName(again.objects)).toEqual(byName(objects));

  out = '';
  await exportTypescript(options);
  expect(byName(runProgram(out))).toEqual(byName(objects));
  await client.delete(NamespaceResource, { name: namespace });
});

test('what wadm has no place for is said; what runs without a distribution is exported', async () => {
  const namespace = 'wadm-by-hand';
  await ensureNamespace(client, namespace);
  const make = (kind: string, name: string, spec: object): KubeObject =>
    ({ apiVersion: 'kasmcloud.io/v1alpha1', kind, metadata: { name, namespace }, spec }) as KubeObject;
  await applyAll(client, [
    make('WasmCloudActor', 'cart', {
      image: 'r.example/cart:1',
      instances: 3,
      limits: { memory: '64Mi' },
      config: { values: { currency: 'EUR' }, secretFrom: [{ name: 'payment' }] },
    }),
    make('WasmCloudProvider', 'redis', { runtime: 'Container', image: 'r.example/redis:1' }),
    make('WasmCloudProvider', 'http', { image: 'builtin://http-server' }),
    make('WasmCloudLink', 'cart-redis', {
      source: 'cart',
      target: 'redis',
      wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store'] },
    }),
    make('WasmCloudLink', 'http-cart', {
      source: 'http',
      target: 'cart',
      wit: { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler'] },
      sourceConfig: { values: { address: '0.0.0.0:8080' }, configFrom: [{ name: 'tls' }] },
      activationTimeoutSeconds: 30,
    }),
  ]);
  await exportWadm({ namespace, name: 'none', kubeconfig: process.env['KASMCLOUD_TEST_KUBECONFIG'] ?? '' });
  expect(err.trim().split('\n').sort()).toEqual([
    `WasmCloudActor ${namespace}/cart: warning: Secret payment stays in Kubernetes: its keys are asked for through the policy kubernetes-secrets`,
    `WasmCloudActor ${namespace}/cart: warning: spec.limits has no place in a manifest of wadm`,
    `WasmCloudLink ${namespace}/cart-redis: warning: links redis, which is not exported, and is left out`,
    `WasmCloudLink ${namespace}/http-cart: warning: ConfigMap tls is somebody else's: make a configuration of that name in the other lattice`,
    `WasmCloudLink ${namespace}/http-cart: warning: spec.activationTimeoutSeconds has no place in a manifest of wadm`,
    `WasmCloudProvider ${namespace}/redis: warning: has the runtime Container, which wadm does not know, and is left out`,
  ]);
  const { objects, problems } = importApplications([{ name: 'exported.yaml', text: out }], namespace);
  expect(problems.filter(({ level }) => level === 'error')).toEqual([]);
  expect(byName(objects)).toMatchObject({
    'WasmCloudDistribution/cart': {
      spec: {
        instances: 3,
        template: {
          actor: {
            componentId: 'cart',
            config: {
              configFrom: [{ name: 'wadm-by-hand-cart-config' }],
              secretFrom: [{ name: 'wadm-by-hand-payment' }],
            },
          },
        },
      },
    },
    'WasmCloudLink/http-cart-wasi-http': { spec: { source: 'http', target: 'cart' } },
    'ConfigMap/wadm-by-hand-cart-config': { data: { currency: 'EUR' } },
  });
});
