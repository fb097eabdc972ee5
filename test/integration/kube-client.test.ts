import {
  type ConfigMap,
  ConfigMapResource,
  type Condition,
  LeaseResource,
  type WasmCloudHost,
  WasmCloudHostResource,
} from '../../lib/api';
import type { KubeClient } from '../../lib/kube';
import {
  EventRecorder,
  applyStatus,
  ensureFinalizer,
  keyOf,
  loadConnection,
  removeFinalizer,
} from '../../lib/kube';
import { EventResource } from '../../lib/api';
import { configMap, ensureNamespace, testClient } from './cluster';

const namespace = 'kube-client';
let client: KubeClient;

beforeAll(async () => {
  client = await testClient();
  await ensureNamespace(client, namespace);
});
afterAll(() => client.connection.close());

const key = (name: string) => ({ namespace, name });

test('creates, reads, replaces, patches and deletes', async () => {
  const created = await client.create(ConfigMapResource, configMap(namespace, 'crud', { a: '1' }));
  await expect(client.create(ConfigMapResource, configMap(namespace, 'crud'))).rejects.toMatchObject({
    status: 409,
    reason: 'AlreadyExists',
  });
  await client.patch(ConfigMapResource, key('crud'), { data: { b: '2' } });
  await client.patch(ConfigMapResource, key('crud'), [
    { op: 'test', path: '/data/a', value: '1' },
    { op: 'replace', path: '/data/a', value: '3' },
  ]);
  expect((await client.get(ConfigMapResource, key('crud'))).data).toEqual({ a: '3', b: '2' });
  await expect(client.replace(ConfigMapResource, created)).rejects.toMatchObject({ reason: 'Conflict' });

  expect(await client.delete(ConfigMapResource, key('crud'), { uid: 'another' })).toBe(false);
  expect(await client.delete(ConfigMapResource, key('crud'), { uid: created.metadata.uid })).toBe(true);
  expect(await client.delete(ConfigMapResource, key('crud'))).toBe(false);
  expect(await client.find(ConfigMapResource, key('crud'))).toBeUndefined();
});

test('field managers own what they apply; a conflict names the field and the owner', async () => {
  const object = configMap(namespace, 'ssa', { shared: 'a' });
  await client.apply(ConfigMapResource, object, { fieldManager: 'first' });
  const other = configMap(namespace, 'ssa', { shared: 'b', own: 'c' });
  const refused = await client
    .apply(ConfigMapResource, other, { fieldManager: 'second' })
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ status: 409, reason: 'Conflict' });
  expect((refused as Error).message).toContain('conflict with "first"');
  expect(refused).toHaveProperty('causes.0.field', '.data.shared');

  await client.apply(ConfigMapResource, other, { fieldManager: 'second', force: true });
  expect((await client.get(ConfigMapResource, key('ssa'))).data).toEqual({ shared: 'b', own: 'c' });
  // What a manager leaves out goes, unless another owns it.
  await client.apply(ConfigMapResource, configMap(namespace, 'ssa', { shared: 'b' }), {
    fieldManager: 'second',
  });
  expect((await client.get(ConfigMapResource, key('ssa'))).data).toEqual({ shared: 'b' });
});

test('an invalid object is refused with the path of the fault', async () => {
  const host: WasmCloudHost = {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudHost',
    metadata: { name: 'kube-client-bad' },
    spec: { lattices: ['*'], type: 'Wrong' as 'Kasm' },
  };
  await expect(client.create(WasmCloudHostResource, host)).rejects.toMatchObject({
    status: 422,
    reason: 'Invalid',
    causes: expect.arrayContaining([expect.objectContaining({ field: 'spec.type' })]) as unknown,
  });
});

test('status goes to the subresource, one manager a condition, and only when it differs', async () => {
  const name = 'kube-client-status';
  const spec = { lattices: ['*'] };
  const host = await client.apply(
    WasmCloudHostResource,
    { apiVersion: 'kasmcloud.io/v1alpha1', kind: 'WasmCloudHost', metadata: { name }, spec },
    { fieldManager: 'person' },
  );
  const condition = (type: string): Condition => ({
    type,
    status: 'True',
    reason: 'Test',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  await applyStatus(
    client,
    WasmCloudHostResource,
    host,
    { conditions: [condition('Ready')] },
    { fieldManager: 'a' },
  );
  await applyStatus(
    client,
    WasmCloudHostResource,
    host,
    { conditions: [condition('Draining')] },
    { fieldManager: 'b' },
  );
  const both = await client.get(WasmCloudHostResource, { name });
  expect(both.status?.conditions?.map(({ type }) => type).sort()).toEqual(['Draining', 'Ready']);
  expect(both.spec.lattices).toEqual(['*']);
  const again = { conditions: [condition('Ready')] };
  expect(await applyStatus(client, WasmCloudHostResource, both, again, { fieldManager: 'a' })).toBe(false);
  await client.delete(WasmCloudHostResource, { name });
});

test('a finalizer holds a deletion until it is removed', async () => {
  const object = await client.create(ConfigMapResource, configMap(namespace, 'final'));
  const held = await ensureFinalizer(client, ConfigMapResource, object, 'kasmcloud.io/cleanup');
  expect(held.metadata.finalizers).toEqual(['kasmcloud.io/cleanup']);
  // From the same old state: somebody wrote in between.
  await expect(
    ensureFinalizer(client, ConfigMapResource, object, 'kasmcloud.io/other'),
  ).rejects.toMatchObject({
    status: 422,
  });
  const two = await ensureFinalizer(client, ConfigMapResource, held, 'kasmcloud.io/other');
  expect(two.metadata.finalizers).toEqual(['kasmcloud.io/cleanup', 'kasmcloud.io/other']);

  await client.delete(ConfigMapResource, key('final'));
  const deleting = await client.get(ConfigMapResource, key('final'));
  expect(deleting.metadata.deletionTimestamp).toBeDefined();
  // None is added to an object that is being deleted: the API server would refuse it.
  expect(await ensureFinalizer(client, ConfigMapResource, deleting, 'kasmcloud.io/late')).toBe(deleting);
  await removeFinalizer(client, ConfigMapResource, deleting, 'kasmcloud.io/cleanup');
  await removeFinalizer(
    client,
    ConfigMapResource,
    await client.get(ConfigMapResource, key('final')),
    'kasmcloud.io/other',
  );
  expect(await client.find(ConfigMapResource, key('final'))).toBeUndefined();
  // Twice is once.
  await removeFinalizer(client, ConfigMapResource, deleting, 'kasmcloud.io/cleanup');
});

test('lists 5,000 objects page by page at one version, and by label', async () => {
  const total = 5000;
  const many = 'kube-client-many';
  await ensureNamespace(client, many);
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let i = next++; i < total; i = next++) {
        const object = configMap(many, `c${i}`);
        object.metadata.labels = { even: String(i % 2 === 0) };
        await client.create(ConfigMapResource, object);
      }
    }),
  );
  const { items } = await client.list(ConfigMapResource, { namespace: many, pageSize: 100 });
  const names = new Set(items.map(keyOf));
  for (let i = 0; i < total; i++) expect(names).toContain(`${many}/c${i}`);
  expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' } satisfies Partial<ConfigMap>);
  const even = await client.list(ConfigMapResource, { namespace: many, labelSelector: 'even=true' });
  expect(even.items).toHaveLength(total / 2);
}, 120_000);

test('prints tables as kubectl does', async () => {
  const table = await client.table(WasmCloudHostResource);
  expect(table.columnDefinitions.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Name', 'Ready', 'Age']),
  );
  const leases = await client.table(LeaseResource, { namespace: 'kube-system' });
  expect(Array.isArray(leases.rows)).toBe(true);
});

test('answers raw requests', async () => {
  expect(await client.raw('/readyz')).toBe('ok');
});

test('events show up with what they are about', async () => {
  const object = await client.create(ConfigMapResource, configMap(namespace, 'subject'));
  const recorder = new EventRecorder(client, { controller: 'kasmcloud.io/test', instance: 'test' });
  recorder.record(object, { reason: 'Tested', action: 'Testing', note: 'It was tested' });
  await recorder.flush();
  const { items } = await client.list(EventResource, { namespace });
  expect(items).toContainEqual(expect.objectContaining({ reason: 'Tested', note: 'It was tested' }));
});

test('a wrong kubeconfig, a wrong context and wrong credentials each say so', async () => {
  await expect(loadConnection({ kubeconfig: '/nowhere/config' })).rejects.toThrow(
    /Cannot read the kubeconfig \/nowhere\/config: .*Name another with --kubeconfig or KUBECONFIG/,
  );
  const kubeconfig = process.env['KASMCLOUD_TEST_KUBECONFIG'];
  await expect(loadConnection({ kubeconfig, context: 'nope' })).rejects.toThrow(
    /The kubeconfig has no context "nope"\. It has: /,
  );
});
