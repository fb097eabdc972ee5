import {
  API_VERSION,
  NamespaceResource,
  WasmCloudActorResource,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
} from '../../lib/api';
import { type Connection, KubeClient, Reflector } from '../../lib/kube';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import { asReconciler, ensureNamespace, eventually, testConnection } from './cluster';
import { HollowHosts } from './hollow-hosts';
import { conditionIs } from './lattice-objects';

const namespace = 'rollout-capacity';
const [one, two] = [`${namespace}-1`, `${namespace}-2`];
const stop = new AbortController();

let connection: Connection;
let client: KubeClient;
let running: Promise<void>;
let hosts: HollowHosts;

beforeAll(async () => {
  connection = await testConnection();
  client = new KubeClient(connection);
  await ensureNamespace(client, namespace);
  let health: ReconcilerHealth | undefined;
  running = runReconciler({
    connection: asReconciler(connection),
    identity: namespace,
    signal: stop.signal,
    onHealth: (given) => (health = given),
  });
  await eventually('the reconciler is ready', () => health?.ready());
  hosts = new HollowHosts(client, namespace);
  for (const name of [one, two]) await hosts.start(name, { capacity: { instances: 2 } });
});

afterAll(async () => {
  stop.abort();
  await running;
  await hosts.clear();
  await hosts.stop();
  await client.delete(NamespaceResource, { name: namespace });
  connection.close();
});

/** Follows the actors, and keeps the most instances that each host ever had. */
async function watchMost(): Promise<{ most: Map<string, number>; end: () => Promise<void> }> {
  const reflector = new Reflector(client, WasmCloudActorResource, { namespace });
  const most = new Map<string, number>();
  reflector.subscribe(() => {
    const now = new Map<string, number>();
    for (const { spec } of reflector.list())
      now.set(spec.host ?? '', (now.get(spec.host ?? '') ?? 0) + (spec.instances ?? 1));
    for (const [host, instances] of now) most.set(host, Math.max(most.get(host) ?? 0, instances));
  });
  reflector.start();
  await eventually('the watch sees all', () => reflector.list().length === 2);
  return { most, end: () => reflector.stop() };
}

const key = { namespace, name: 'echo' };
const change = (spec: object): Promise<WasmCloudDistribution> =>
  client.patch(WasmCloudDistributionResource, key, { spec });
const template = (version: string): object => ({ actor: { image: `registry.example/echo:${version}` } });

async function rolledOut(object: WasmCloudDistribution, version: string): Promise<void> {
  await eventually('all are of the new version', async () => {
    const { items } = await client.list(WasmCloudActorResource, { namespace });
    return items.every(({ spec }) => spec.image.endsWith(`:${version}`));
  });
  await conditionIs(client, WasmCloudDistributionResource, object, 'Ready', 'True Available');
}

test('a rollout on full hosts waits and says so, and then keeps to what they have room for', async () => {
  const object = await client.create(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: key,
    spec: { template: { actor: { image: 'registry.example/echo:1' } }, instances: 4 },
  });
  await rolledOut(object, '1');
  const { most, end } = await watchMost();

  await change({ template: template('2') });
  const waits = await conditionIs(
    client,
    WasmCloudDistributionResource,
    object,
    'Progressing',
    'True InsufficientCapacity',
  );
  expect(waits.message).toBe(
    `0 of 4 instances of revision ${await revision()} are available. No room beside the old instances on hosts ${one}, ${two}: raise spec.capacity of a WasmCloudHost, add a host, or raise spec.strategy.rollingUpdate.maxUnavailable`,
  );
  expect((await client.get(WasmCloudDistributionResource, key)).status).toMatchObject({
    availableInstances: 4,
    updatedInstances: 0,
  });

  await client.patch(WasmCloudHostResource, { name: two }, { spec: { capacity: { instances: 3 } } });
  await rolledOut(object, '2');

  // As many as there is room for again, of which one may be away.
  const rollingUpdate = { maxUnavailable: 1 };
  await change({ instances: 5, template: template('3'), strategy: { rollingUpdate } });
  await rolledOut(object, '3');
  await end();
  expect(Object.fromEntries(most)).toEqual({ [one]: 2, [two]: 3 });
});

/** The hash of the revision that is being rolled out. */
async function revision(): Promise<string | undefined> {
  const { status } = await client.get(WasmCloudDistributionResource, key);
  return status?.updateRevision?.replace(/^echo-/, '');
}
