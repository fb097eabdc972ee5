import {
  API_VERSION,
  ControllerRevisionResource,
  EventResource,
  NamespaceResource,
  type WasmCloudActor,
  WasmCloudActorResource,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
  WasmCloudProviderResource,
  conditionOf,
} from '../../lib/api';
import { type Connection, KubeClient } from '../../lib/kube';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import { asReconciler, ensureNamespace, eventually, testConnection } from './cluster';
import { HollowHosts } from './hollow-hosts';
import { actor, conditionIs } from './lattice-objects';

const namespace = 'distribution';
let client: KubeClient;
let connection: Connection;
let hosts: HollowHosts;
let running: Promise<void>;
const stop = new AbortController();

beforeAll(async () => {
  connection = await testConnection();
  client = new KubeClient(connection);
  await ensureNamespace(client, namespace);
  let health: ReconcilerHealth | undefined;
  running = runReconciler({
    connection: asReconciler(connection),
    identity: 'distribution-test',
    signal: stop.signal,
    onHealth: (given) => (health = given),
  });
  await eventually('the reconciler is ready', () => health?.ready());
  hosts = new HollowHosts(client, namespace);
});

afterEach(async () => {
  for (const { metadata } of (await client.list(WasmCloudDistributionResource, { namespace })).items)
    await client.delete(WasmCloudDistributionResource, metadata, { propagationPolicy: 'Background' });
  for (const { metadata } of (await client.list(WasmCloudActorResource, { namespace })).items)
    await client.delete(WasmCloudActorResource, metadata);
  await eventually('nothing is left', async () => {
    const left = await client.list(WasmCloudActorResource, { namespace });
    return left.items.length === 0;
  });
  await hosts.clear();
});

afterAll(async () => {
  stop.abort();
  await running;
  await hosts.stop();
  await client.delete(NamespaceResource, { name: namespace });
  connection.close();
});

async function create(
  name: string,
  spec: Partial<WasmCloudDistribution['spec']> = {},
): Promise<WasmCloudDistribution> {
  return client.create(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: { namespace, name },
    spec: { template: { actor: { image: 'registry.example/echo:1.0' } }, ...spec },
  });
}

async function change(name: string, spec: object): Promise<void> {
  await client.patch(WasmCloudDistributionResource, { namespace, name }, { spec });
}

async function children(distribution: string): Promise<WasmCloudActor[]> {
  const selector = `kasmcloud.io/distribution=${distribution}`;
  return (await client.list(WasmCloudActorResource, { namespace, labelSelector: selector })).items;
}

/** Waits until a distribution has so many instances on each host, all of them ready, and nothing else. */
async function lies(
  distribution: string,
  expected: Record<string, number>,
  timeoutMs?: number,
): Promise<void> {
  let last: Record<string, number> = {};
  const matches = async (): Promise<boolean> => {
    last = {};
    for (const { spec, metadata, status } of await children(distribution)) {
      const host = spec.host ?? '';
      const isSettled = metadata.deletionTimestamp === undefined && status?.readyInstances === spec.instances;
      last[host] = (last[host] ?? 0) + (isSettled ? (spec.instances ?? 0) : NaN);
    }
    return JSON.stringify(Object.entries(last).sort()) === JSON.stringify(Object.entries(expected).sort());
  };
  await eventually('it lies as expected', matches, timeoutMs).catch((error: unknown) => {
    throw new Error(`${distribution} lies ${JSON.stringify(last)}, not ${JSON.stringify(expected)}`, {
      cause: error,
    });
  });
}

const is = (object: WasmCloudDistribution, condition: string, expected: Parameters<typeof conditionIs>[4]) =>
  conditionIs(client, WasmCloudDistributionResource, object, condition, expected);
const read = (name: string) => client.get(WasmCloudDistributionResource, { namespace, name });
const inZone = (zone: string) => ({ matchLabels: { zone } });

describe('Spread', () => {
  test("lies by wadm's arithmetic over groups, evenly inside them, and says so", async () => {
    for (const [name, zone] of Object.entries({
      e1: 'east',
      e2: 'east',
      w1: 'west',
      w2: 'west',
      moon: 'moon',
    }))
      await hosts.start(`spread-${name}`, { labels: { zone } });
    const spread = [
      { name: 'east', selector: inZone('east'), weight: 42 },
      { name: 'west', selector: inZone('west'), weight: 3 },
      { name: 'moon', selector: inZone('moon'), weight: 37 },
    ];
    const object = await create('echo', { instances: 103, spread });
    await lies('echo', {
      'spread-e1': 27,
      'spread-e2': 26,
      'spread-w1': 2,
      'spread-w2': 1,
      'spread-moon': 47,
    });
    await is(object, 'Ready', 'True Available');
    await is(object, 'SpreadSatisfied', 'True Satisfied');
    await is(object, 'Progressing', 'True NewRevisionAvailable');
    const { status } = await read('echo');
    expect(status).toMatchObject({
      instances: 103,
      updatedInstances: 103,
      readyInstances: 103,
      availableInstances: 103,
      selector: 'kasmcloud.io/distribution=echo',
      spread: [
        { name: 'east', desired: 53, ready: 53, eligibleHosts: 2 },
        { name: 'west', desired: 3, ready: 3, eligibleHosts: 2 },
        { name: 'moon', desired: 47, ready: 47, eligibleHosts: 1 },
      ],
    });
    expect(status?.currentRevision).toBe(status?.updateRevision);
    expect(conditionOf(await read('echo'), 'Reconciling')).toBeUndefined();
    const [child] = await children('echo');
    expect(child?.spec).toMatchObject({ componentId: 'echo', image: 'registry.example/echo:1.0' });
    expect(child?.metadata.labels?.['kasmcloud.io/spread']).toMatch(/east|west|moon/);
    const history = await client.list(ControllerRevisionResource, { namespace });
    expect(history.items.map(({ metadata }) => metadata.name)).toEqual([status?.updateRevision]);
    await eventually('an event tells of it', async () => {
      const { items } = await client.list(EventResource, { namespace });
      return items.some(({ reason, regarding }) => reason === 'Placed' && regarding.name === 'echo');
    });
  });

  test('a group without hosts gives its share away, or keeps it and says what is missing', async () => {
    await hosts.start('group-e', { labels: { zone: 'east' } });
    const spread = [
      { name: 'east', selector: inZone('east') },
      { name: 'west', selector: inZone('west') },
    ];
    const object = await create('groups', { instances: 4, spread });
    await lies('groups', { 'group-e': 4 });
    await is(object, 'Ready', 'True Available');
    await is(object, 'SpreadSatisfied', 'False Unsatisfied');
    await change('groups', { whenUnsatisfiable: 'Fail' });
    await lies('groups', { 'group-e': 2 });
    const ready = await is(object, 'Ready', 'False Unsatisfied');
    expect(ready.message).toBe('group west has no host for 2 instances: it selects none');
    await hosts.start('group-w', { labels: { zone: 'west' } });
    await lies('groups', { 'group-e': 2, 'group-w': 2 });
    await is(object, 'Ready', 'True Available');
  });

  test('scales without moving what runs, by its scale subresource too', async () => {
    for (const name of ['scale-a', 'scale-b']) await hosts.start(name);
    await create('scaled', { instances: 3 });
    await lies('scaled', { 'scale-a': 2, 'scale-b': 1 });
    const key = { namespace, name: 'scaled' };
    const scale = JSON.parse(
      await client.raw(
        `/apis/kasmcloud.io/v1alpha1/namespaces/${namespace}/wasmclouddistributions/scaled/scale`,
      ),
    ) as { spec: { replicas: number }; status: { replicas: number; selector: string } };
    expect(scale).toMatchObject({
      spec: { replicas: 3 },
      status: { selector: 'kasmcloud.io/distribution=scaled' },
    });
    await client.patch(
      WasmCloudDistributionResource,
      key,
      { spec: { replicas: 5 } },
      { subresource: 'scale' },
    );
    await lies('scaled', { 'scale-a': 3, 'scale-b': 2 });
    await client.patch(
      WasmCloudDistributionResource,
      key,
      { spec: { replicas: 0 } },
      { subresource: 'scale' },
    );
    await lies('scaled', {});
    await is(await read('scaled'), 'Ready', 'True Available');
  });
});

describe('Daemon', () => {
  test('is on every host that it may be on, and on those that come', async () => {
    await hosts.start('daemon-a');
    await hosts.start('daemon-b', { unschedulable: true });
    const object = await create('daemon', { mode: 'Daemon', instances: 2 });
    await lies('daemon', { 'daemon-a': 2 });
    await client.patch(WasmCloudHostResource, { name: 'daemon-b' }, { spec: { unschedulable: false } });
    await hosts.start('daemon-c');
    await lies('daemon', { 'daemon-a': 2, 'daemon-b': 2, 'daemon-c': 2 });
    await is(object, 'Ready', 'True Available');
  });
});

describe('providers', () => {
  test('are on each host once, however many are wanted', async () => {
    await hosts.start('provider-a');
    await hosts.start('provider-b');
    const template = { provider: { image: 'builtin://http-server' } };
    const object = await create('served', { instances: 2, template });
    const placed = async () =>
      (await client.list(WasmCloudProviderResource, { namespace })).items.map(({ spec }) => spec.host).sort();
    await is(object, 'Ready', 'True Available');
    expect(await placed()).toEqual(['provider-a', 'provider-b']);
    await change('served', { instances: 3 });
    const ready = await is(object, 'Ready', 'False Unsatisfied');
    expect(ready.message).toMatch(/^group all lacks room for 1 instance/);
    expect(await placed()).toEqual(['provider-a', 'provider-b']);
    await hosts.start('provider-c');
    await is(object, 'Ready', 'True Available');
  });

  test('that are daemons follow their hosts', async () => {
    await hosts.start('provider-a');
    const object = await create('daemon', {
      mode: 'Daemon',
      template: { provider: { image: 'builtin://http-server' } },
    });
    await is(object, 'Ready', 'True Available');
    await hosts.start('provider-b');
    await eventually('it is on both', async () => (await read('daemon')).status?.availableInstances === 2);
    await hosts.crash('provider-b');
    await eventually('it is on the one', async () => {
      const { status } = await read('daemon');
      return status?.instances === 1 && status.availableInstances === 1;
    });
    await client.delete(WasmCloudHostResource, { name: 'provider-b' });
  });
});

describe('hosts', () => {
  test('what a lost host had is elsewhere, and goes back to nobody when it returns', async () => {
    for (const name of ['lost-a', 'lost-b', 'lost-c']) await hosts.start(name);
    await create('survivor', { instances: 6 });
    await lies('survivor', { 'lost-a': 2, 'lost-b': 2, 'lost-c': 2 });
    await hosts.crash('lost-a');
    await lies('survivor', { 'lost-b': 3, 'lost-c': 3 });
    await hosts.delete('lost-b');
    await client.delete(WasmCloudHostResource, { name: 'lost-b' });
    await lies('survivor', { 'lost-c': 6 });
    await client.delete(WasmCloudHostResource, { name: 'lost-a' });
  });

  test('a host that joins is filled, step by step', async () => {
    await hosts.start('join-a');
    const object = await create('joined', { instances: 8 });
    await lies('joined', { 'join-a': 8 });
    await hosts.start('join-b');
    await lies('joined', { 'join-a': 4, 'join-b': 4 });
    await is(object, 'Ready', 'True Available');
    await eventually(
      'the rebalance is over',
      async () => (await read('joined')).status?.rebalancing === false,
    );
  });

  test('labels that are edited live and taints move what runs', async () => {
    await hosts.start('edit-a', { labels: { zone: 'x' } });
    await hosts.start('edit-b', { labels: { zone: 'y' } });
    await create('edited', { instances: 2, spread: [{ name: 'x', selector: inZone('x') }] });
    await lies('edited', { 'edit-a': 2 });
    await client.patch(WasmCloudHostResource, { name: 'edit-b' }, { spec: { labels: { zone: 'x' } } });
    await lies('edited', { 'edit-a': 1, 'edit-b': 1 });
    await client.patch(WasmCloudHostResource, { name: 'edit-a' }, { spec: { labels: { zone: 'y' } } });
    await lies('edited', { 'edit-b': 2 });
    await client.patch(WasmCloudHostResource, { name: 'edit-a' }, { spec: { labels: { zone: 'x' } } });
    const taints = [{ key: 'out', effect: 'NoExecute' }];
    await client.patch(WasmCloudHostResource, { name: 'edit-b' }, { spec: { taints } });
    await lies('edited', { 'edit-a': 2 });
  });

  test('capacity is kept, also by two distributions at once', async () => {
    await hosts.start('full-a', { capacity: { instances: 3 } });
    await hosts.start('full-b', { capacity: { instances: 5 } });
    const both = await Promise.all([create('one', { instances: 4 }), create('two', { instances: 4 })]);
    const total = async (host: string): Promise<number> =>
      (
        await client.list(WasmCloudActorResource, { namespace, fieldSelector: `spec.host=${host}` })
      ).items.reduce((sum, { spec }) => sum + (spec.instances ?? 0), 0);
    for (const object of both) await is(object, 'Ready', 'True Available');
    expect(await Promise.all(['full-a', 'full-b'].map(total))).toEqual([3, 5]);
    const late = await create('late');
    const ready = await is(late, 'Ready', 'False Unsatisfied');
    expect(ready.message).toBe(
      'group all lacks room for 1 instance: 0/2 hosts are available: 2 without free capacity',
    );
  });
});

test('hosts are told what a canary is judged by, and when that is over', async () => {
  await hosts.start('judge-a');
  const canary = { steps: [{ weight: 50 }], analysis: { maxErrorPercent: 1 } };
  await create('judged', { strategy: { type: 'Canary', canary } });
  await lies('judged', { 'judge-a': 1 });
  const analysis = async () => (await children('judged'))[0]?.spec.analysis;
  expect(await analysis()).toEqual({ maxErrorPercent: 1, minErrors: 3, windowSeconds: 20 });
  await change('judged', { strategy: { canary: { analysis: { minErrors: 7 } } } });
  await eventually('it is changed', async () => (await analysis())?.minErrors === 7);
  await change('judged', { strategy: { canary: { analysis: null } } });
  await eventually('it is taken back', async () => (await analysis()) === undefined);
});

describe('what people do by hand', () => {
  test('is undone where it is an object of a distribution', async () => {
    for (const name of ['hand-a', 'hand-b']) await hosts.start(name);
    await create('handled', { instances: 2 });
    await lies('handled', { 'hand-a': 1, 'hand-b': 1 });
    const [first, second] = await children('handled');
    await client.delete(WasmCloudActorResource, first!.metadata);
    await client.patch(WasmCloudActorResource, second!.metadata, {
      metadata: { labels: { 'kasmcloud.io/component': 'x' }, ownerReferences: null },
      spec: { instances: 50, image: 'registry.example/other:1.0', config: { values: { by: 'hand' } } },
    });
    await eventually('all is as it was', async () => {
      const now = await children('handled');
      return (
        now.length === 2 &&
        now.every(({ metadata, spec }) => metadata.ownerReferences?.length === 1 && spec.instances === 1) &&
        now.every(({ spec }) => spec.image === 'registry.example/echo:1.0' && spec.config === undefined)
      );
    });
  });

  test('two with one component id: the later one waits, says so, and takes over when the first goes', async () => {
    await hosts.start('rival-a');
    const template = { actor: { image: 'registry.example/echo:1.0', componentId: 'shared' } };
    await create('first', { template });
    await lies('first', { 'rival-a': 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const second = await create('second', { template });
    const conflict = await is(second, 'Conflict', 'True ComponentIdConflict');
    expect(conflict.message).toMatch(/^WasmCloudDistribution first has the component id shared and is older/);
    await is(second, 'Ready', 'False ComponentIdConflict');
    await is(second, 'Stalled', 'True ComponentIdConflict');
    expect(await children('second')).toEqual([]);
    await client.delete(WasmCloudDistributionResource, { namespace, name: 'first' });
    await lies('second', { 'rival-a': 1 });
    await is(second, 'Ready', 'True Available');
    const { conditions } = (await read('second')).status ?? {};
    expect(conditions?.map(({ type }) => type)).not.toContain('Conflict');
    expect(conditions?.map(({ type }) => type)).not.toContain('Stalled');
  });

  test('an actor that had the component id before keeps it', async () => {
    await hosts.start('bare-a');
    await client.create(WasmCloudActorResource, actor(namespace, 'bare'));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const late = await create('bare');
    const ready = await is(late, 'Ready', 'False ComponentIdConflict');
    expect(ready.message).toMatch(/^WasmCloudActor bare has the component id bare and is older/);
    await client.delete(WasmCloudActorResource, { namespace, name: 'bare' });
    await lies('bare', { 'bare-a': 1 });
  });

  test('an actor that takes the component id later says so, and runs', async () => {
    await hosts.start('claim-a');
    await hosts.start('claim-b');
    await create('claimed');
    await lies('claimed', { 'claim-a': 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const late = await client.create(
      WasmCloudActorResource,
      actor(namespace, 'late', { componentId: 'claimed', host: 'claim-b' }),
    );
    const said = (type: string, expected: Parameters<typeof conditionIs>[4]) =>
      conditionIs(client, WasmCloudActorResource, late, type, expected);
    const conflict = await said('Conflict', 'True ComponentIdConflict');
    expect(conflict.message).toMatch(
      /^WasmCloudDistribution claimed has the component id claimed and is older/,
    );
    await said('Ready', 'True Running');
    await is(await read('claimed'), 'Ready', 'True Available');
    await client.delete(WasmCloudDistributionResource, { namespace, name: 'claimed' });
    await eventually('the conflict is over', async () => {
      const now = await client.get(WasmCloudActorResource, late.metadata);
      return conditionOf(now, 'Conflict') === undefined && conditionOf(now, 'Placed')?.status === 'True';
    });
  });
});
