import { ConfigMapResource, NamespaceResource, WasmCloudActorResource, type KubeObject } from '../../lib/api';
import { applyAll } from '../../lib/cli/apply';
import { KubeClient } from '../../lib/kube';
import { ownConnection } from '../../lib/local/own-connection';

const connection = ownConnection(process.env['KASMCLOUD_TEST_KUBECONFIG'] ?? '');
const client = new KubeClient(connection);

afterAll(() => connection.close());

const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const actor = (name: string, where: string, spec: object = {}): KubeObject =>
  ({
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudActor',
    metadata: { name, namespace: where },
    spec: { image: 'file:///a.wasm', ...spec },
  }) as KubeObject;

test('a namespace and what belongs into it are applied together, in whatever order they are given, and again', async () => {
  const objects = [actor('web', 'apply-a'), namespace('apply-a')];
  await applyAll(client, objects);
  await applyAll(client, objects);
  const applied = await client.get(WasmCloudActorResource, { name: 'web', namespace: 'apply-a' });
  expect(applied.spec.instances).toBe(1);
});

test('what is applied wins over what others have changed since', async () => {
  const key = { name: 'scaled', namespace: 'default' };
  await applyAll(client, [actor(key.name, key.namespace, { instances: 10 })]);
  await client.patch(WasmCloudActorResource, key, { spec: { instances: 3 } }, { fieldManager: 'kubectl' });
  await applyAll(client, [actor(key.name, key.namespace, { instances: 10 })]);
  expect((await client.get(WasmCloudActorResource, key)).spec.instances).toBe(10);
});

test('a definition and an object of its kind are applied together', async () => {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  };
  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'one' } };
  const applied = await applyAll(client, [thing, definition]);
  expect(applied[0]?.metadata.namespace).toBe('default');
  const type = { group: 'example.com', version: 'v1', kind: 'Thing', plural: 'things', namespaced: true };
  await expect(client.get(type, { name: 'one', namespace: 'default' })).resolves.toMatchObject(thing);
});

describe('when anything is wrong, nothing is applied, and all that is wrong is said', () => {
  const fine = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'apply-fine', namespace: 'default' },
  };

  test.each([
    [
      'the schema',
      [actor('bad', 'default', { instances: -1 })],
      /WasmCloudActor default\/bad: spec\.instances.*-1/,
    ],
    [
      'an unknown kind',
      [{ apiVersion: 'example.com/v9', kind: 'Thong', metadata: { name: 'x' } }],
      /no Thong in example\.com\/v9/,
    ],
    [
      'a namespace that is nowhere',
      [actor('lost', 'apply-nowhere')],
      /WasmCloudActor apply-nowhere\/lost.*not found/,
    ],
    [
      'what only the API server knows',
      [
        { apiVersion: 'v1', kind: 'Service', metadata: { name: 'BAD', namespace: 'default' } },
        { apiVersion: 'v1', kind: 'Service', metadata: { name: 'WORSE', namespace: 'apply-b' } },
      ],
      /Service default\/BAD.*Service apply-b\/WORSE/s,
    ],
  ])('%s', async (_, bad, message) => {
    await expect(applyAll(client, [fine, namespace('apply-b'), ...bad])).rejects.toThrow(message);
    expect(await client.find(ConfigMapResource, fine.metadata)).toBeUndefined();
    expect(await client.find(NamespaceResource, { name: 'apply-b' })).toBeUndefined();
  });
});
