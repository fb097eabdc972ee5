import {
  ConfigMapResource,
  EventResource,
  FINALIZER,
  type KubeObject,
  type ResourceType,
  type WasmCloudActor,
  WasmCloudActorResource,
  WasmCloudHostResource,
  WasmCloudLatticeResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
} from '../../lib/api';
import { type Connection, KubeClient } from '../../lib/kube';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import { asReconciler, configMap, ensureNamespace, eventually, testConnection } from './cluster';
import { SimulatedHost, actor, conditionIs, link, provider } from './lattice-objects';

const namespace = 'reconciler';
let connection: Connection;
let client: KubeClient;
let health: ReconcilerHealth;
let running: Promise<void>;
const stop = new AbortController();
const a = () => new SimulatedHost(client, 'reconciler-a');

beforeAll(async () => {
  connection = await testConnection();
  client = new KubeClient(connection);
  await ensureNamespace(client, namespace);
  await clear();
  running = runReconciler({
    connection: asReconciler(connection),
    identity: 'test',
    signal: stop.signal,
    onHealth: (given) => (health = given),
  });
  await eventually('the reconciler is ready', () => health.ready());
});

afterAll(async () => {
  stop.abort();
  await running;
  connection.close();
});

afterEach(clear);

/** Deletes everything that a test may have left. */
async function clear(): Promise<void> {
  await Promise.all([
    deleteAll(WasmCloudActorResource, namespace),
    deleteAll(WasmCloudProviderResource, namespace),
    deleteAll(WasmCloudLinkResource, namespace),
    deleteAll(WasmCloudHostResource),
  ]);
}

/** Waits for an event about an object. */
async function told(reason: string, name: string, within = namespace): Promise<void> {
  await eventually(`an event ${reason} tells of ${name}`, async () => {
    const { items } = await client.list(EventResource, { namespace: within });
    return items.some((event) => event.reason === reason && event.regarding.name === name);
  });
}

async function deleteAll<T extends KubeObject>(type: ResourceType<T>, within?: string): Promise<void> {
  for (const { metadata } of (await client.list(type, { namespace: within })).items) {
    await client.delete(type, metadata);
    if (metadata.finalizers?.length) await client.patch(type, metadata, { metadata: { finalizers: null } });
  }
}

const only = { lattices: [namespace] };
const conditionOfActor = (
  object: WasmCloudActor,
  condition: string,
  expected: Parameters<typeof conditionIs>[4],
) => conditionIs(client, WasmCloudActorResource, object, condition, expected);

async function create(object: WasmCloudActor): Promise<WasmCloudActor> {
  return client.create(WasmCloudActorResource, object);
}

async function hostOf(object: WasmCloudActor): Promise<string> {
  return eventually(
    'it is bound',
    async () => (await client.get(WasmCloudActorResource, object.metadata)).spec.host,
  );
}

describe('binding', () => {
  test('an actor without a host waits with the reason, and is bound when a host comes', async () => {
    const object = await create(actor(namespace, 'early'));
    const placed = await conditionOfActor(object, 'Placed', 'False Unschedulable');
    expect(placed.message).toBe('0/0 hosts are available: no WasmCloudHost exists');
    await conditionOfActor(object, 'Ready', 'False Unschedulable');

    const host = a();
    await host.start({ ...only, unschedulable: true });
    await eventually('the reason follows the hosts', async () => {
      const { message } = await conditionOfActor(object, 'Placed', 'False Unschedulable');
      return message === '0/1 hosts are available: 1 cordoned';
    });
    await client.patch(WasmCloudHostResource, { name: host.name }, { spec: { unschedulable: false } });
    expect(await hostOf(object)).toBe(host.name);
    await conditionOfActor(object, 'Placed', 'True Bound');
    await conditionOfActor(object, 'Ready', 'Unknown WaitingForHost');
    await told('Bound', 'early');
    await told('HostReady', host.name, 'default');
    await told('HostSchedulable', host.name, 'default');
    // What the host says is not touched.
    await host.run(WasmCloudActorResource, object);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await conditionOfActor(object, 'Ready', 'True Running');
    await host.delete();
  });

  test('providers are bound too, unless they run elsewhere or are only observed', async () => {
    const host = a();
    await host.start(only);
    const process = await client.create(WasmCloudProviderResource, provider(namespace, 'process'));
    const external = provider(namespace, 'external', { runtime: 'External' });
    delete external.spec.image;
    await client.create(WasmCloudProviderResource, external);
    await client.create(
      WasmCloudProviderResource,
      provider(namespace, 'observed', { managementPolicy: 'Observe' }),
    );
    await conditionIs(client, WasmCloudProviderResource, process, 'Placed', 'True Bound');
    for (const name of ['external', 'observed']) {
      const untouched = await client.get(WasmCloudProviderResource, { namespace, name });
      expect(untouched.spec.host).toBeUndefined();
      expect(untouched.status).toBeUndefined();
    }
    await host.delete();
  });

  test('a burst spreads evenly, and nothing is bound twice', async () => {
    const hosts = ['a', 'b', 'c'].map((name) => new SimulatedHost(client, `reconciler-${name}`));
    for (const host of hosts) await host.start(only);
    const actors = Array.from({ length: 60 }, (_, i) => actor(namespace, `burst-${i}`));
    await Promise.all(actors.map(create));
    const counts = new Map<string, number>();
    for (const object of actors) {
      const name = await hostOf(object);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(Array.from(counts.values())).toEqual([20, 20, 20]);
    for (const host of hosts) await host.delete();
  });

  test('hostSelector, taints and capacity are respected', async () => {
    const small = new SimulatedHost(client, 'reconciler-small');
    const tainted = new SimulatedHost(client, 'reconciler-tainted');
    await small.start({ ...only, labels: { zone: 'a' }, capacity: { instances: 2 } });
    await tainted.start({ ...only, labels: { zone: 'b' }, taints: [{ key: 'gpu', effect: 'NoSchedule' }] });
    const fits = await create(actor(namespace, 'fits', { instances: 2 }));
    expect(await hostOf(fits)).toBe(small.name);
    const over = await create(actor(namespace, 'over', { instances: 1 }));
    const { message } = await conditionOfActor(over, 'Placed', 'False Unschedulable');
    expect(message).toBe(
      '0/2 hosts are available: 1 with untolerated taint gpu:NoSchedule, 1 without free capacity for instances',
    );
    const tolerant = await create(
      actor(namespace, 'tolerant', {
        hostSelector: { matchLabels: { zone: 'b' } },
        tolerations: [{ key: 'gpu', operator: 'Exists' }],
      }),
    );
    expect(await hostOf(tolerant)).toBe(tainted.name);
    await client.delete(WasmCloudActorResource, fits.metadata);
    expect(await hostOf(over)).toBe(small.name);
    await small.delete();
    await tainted.delete();
  });

  test('labels of a host that people edit count at once, for what is placed from then on', async () => {
    const host = a();
    await host.start({ ...only, labels: { zone: 'a' } });
    const inA = await create(actor(namespace, 'in-a', { hostSelector: { matchLabels: { zone: 'a' } } }));
    const inB = await create(actor(namespace, 'in-b', { hostSelector: { matchLabels: { zone: 'b' } } }));
    expect(await hostOf(inA)).toBe(host.name);
    const { message } = await conditionOfActor(inB, 'Placed', 'False Unschedulable');
    expect(message).toBe('0/1 hosts are available: 1 not matching hostSelector');
    await client.patch(WasmCloudHostResource, { name: host.name }, { spec: { labels: { zone: 'b' } } });
    expect(await hostOf(inB)).toBe(host.name);
    // What runs stays, as pods do.
    expect(await hostOf(inA)).toBe(host.name);
    await conditionOfActor(inA, 'Placed', 'True Bound');
    await host.delete();
  });

  test('a ConfigMap that is missing shows before there is a host, and that it came', async () => {
    const config = { configFrom: [{ name: 'settings' }], secretFrom: [{ name: 'keys' }] };
    const object = await create(actor(namespace, 'configured', { config }));
    const { message } = await conditionOfActor(object, 'ConfigResolved', 'False ConfigNotFound');
    expect(message).toContain('spec.config.configFrom[0].name: there is no ConfigMap reconciler/settings');
    await client.create(ConfigMapResource, configMap(namespace, 'settings'));
    await conditionOfActor(object, 'ConfigResolved', 'Unknown WaitingForHost');
    await client.delete(ConfigMapResource, { namespace, name: 'settings' });
  });

  test('a host that does not exist is named with the remedy, and found when it appears', async () => {
    const config = { configFrom: [{ name: 'not-yet' }] };
    const object = await create(actor(namespace, 'misbound', { host: 'reconciler-late', config }));
    await conditionOfActor(object, 'ConfigResolved', 'False ConfigNotFound');
    const { message } = await conditionOfActor(object, 'Ready', 'False HostNotFound');
    expect(message).toContain(
      'spec.host: there is no WasmCloudHost "reconciler-late". Start a host of that name',
    );
    await conditionOfActor(object, 'Placed', 'False HostNotFound');
    const host = new SimulatedHost(client, 'reconciler-late');
    await host.start({ lattices: ['elsewhere'] });
    const wrong = await conditionOfActor(object, 'Placed', 'False HostNotServing');
    expect(wrong.message).toContain('does not serve lattice reconciler but elsewhere');
    await client.patch(WasmCloudHostResource, { name: host.name }, { spec: only });
    await conditionOfActor(object, 'Placed', 'True Bound');
    await conditionOfActor(object, 'Ready', 'Unknown WaitingForHost');
    await host.delete();
  });
});

/** What the host on which `object` runs has said of it. */
async function run(object: WasmCloudActor, ...hosts: SimulatedHost[]): Promise<string> {
  const name = await hostOf(object);
  await hosts.find((host) => host.name === name)?.run(WasmCloudActorResource, object);
  return name;
}

/** Waits until an object is bound to another host, and returns its name. */
async function movedFrom(object: WasmCloudActor, from: string): Promise<string> {
  return eventually('it has moved', async () => {
    const { host } = (await client.get(WasmCloudActorResource, object.metadata)).spec;
    return host === from ? undefined : host;
  });
}

describe('host loss', () => {
  const b = () => new SimulatedHost(client, 'reconciler-b');

  test('what the reconciler bound goes elsewhere, what people bound by name stays, and nothing comes back', async () => {
    const [lostHost, other] = [a(), b()];
    await lostHost.start(only);
    const object = await create(actor(namespace, 'orphan'));
    const pinned = await create(actor(namespace, 'pinned', { host: lostHost.name }));
    for (const one of [object, pinned]) await run(one, lostHost);
    await other.start(only);
    await lostHost.crash();
    const hostObject = { apiVersion: '', kind: '', metadata: { name: lostHost.name } };
    const lost = await conditionIs(
      client,
      WasmCloudHostResource,
      hostObject,
      'Ready',
      'Unknown LeaseExpired',
    );
    expect(lost.message).toContain('has not renewed its Lease for 3 s');
    expect(await movedFrom(object, lostHost.name)).toBe(other.name);
    await conditionOfActor(object, 'Placed', 'True Bound');
    // What the lost host said last counts no more.
    await conditionOfActor(object, 'Ready', 'Unknown WaitingForHost');
    await run(object, other);
    const { message } = await conditionOfActor(pinned, 'Ready', 'Unknown HostLost');
    expect(message).toContain('is bound to it by name and goes on when the host is back');
    await eventually('an event tells of it', async () => {
      const { items } = await client.list(EventResource, { namespace });
      return items.some(({ note }) => note?.endsWith('Moved to host reconciler-b'));
    });

    await lostHost.start(only);
    await run(pinned, lostHost);
    await conditionOfActor(pinned, 'Ready', 'True Running');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await hostOf(object)).toBe(other.name);
    await conditionOfActor(object, 'Ready', 'True Running');
    await lostHost.delete();
    await other.delete();
  });

  test('with nowhere to go it stays bound, says why, and goes as soon as a host comes', async () => {
    const host = a();
    await host.start(only);
    const object = await create(actor(namespace, 'waiting'));
    await run(object, host);
    await host.crash();
    const { message } = await conditionOfActor(object, 'Placed', 'False HostLost');
    expect(message).toContain(
      'Host reconciler-a no longer renews its Lease. It stays bound to it: 0/1 hosts are available: 1 not ready',
    );
    await conditionOfActor(object, 'Ready', 'Unknown HostLost');
    const other = b();
    await other.start(only);
    expect(await movedFrom(object, host.name)).toBe(other.name);
    await host.delete();
    await other.delete();
  });

  test('a host that is lost again and again gets nothing new for a while', async () => {
    const host = a();
    const hostObject = { apiVersion: '', kind: '', metadata: { name: host.name } };
    for (const round of [1, 2]) {
      await host.start(only);
      await conditionIs(client, WasmCloudHostResource, hostObject, 'Ready', 'True Serving');
      await host.crash();
      // It is declared lost only so often.
      await conditionIs(client, WasmCloudHostResource, hostObject, 'Ready', 'Unknown LeaseExpired');
      expect(round).toBeLessThan(3);
    }
    await host.start(only);
    await conditionIs(client, WasmCloudHostResource, hostObject, 'Stable', 'False Flapping');
    const object = await create(actor(namespace, 'careful'));
    const { message } = await conditionOfActor(object, 'Placed', 'False Unschedulable');
    expect(message).toBe('0/1 hosts are available: 1 lost too often of late');
    await host.delete();
  });
  test('a host that is deleted leaves its actors unknown and lets those go that are being deleted', async () => {
    const host = a();
    await host.start(only);
    const cleaned = actor(namespace, 'cleaned', { host: host.name });
    cleaned.metadata.finalizers = [FINALIZER];
    const object = await create(cleaned);
    await host.run(WasmCloudActorResource, object);
    await client.delete(WasmCloudActorResource, object.metadata);
    await new Promise((resolve) => setTimeout(resolve, 500));
    // Its host is there: cleaning up is for the host to do.
    expect(await client.find(WasmCloudActorResource, object.metadata)).toBeDefined();
    const survivor = await create(actor(namespace, 'survivor', { host: host.name }));
    await host.run(WasmCloudActorResource, survivor);

    await host.delete();
    await eventually('the finalizer is gone', async () => {
      return (await client.find(WasmCloudActorResource, object.metadata)) === undefined;
    });
    const { message } = await conditionOfActor(survivor, 'Ready', 'Unknown HostDeleted');
    expect(message).toContain('Host reconciler-a was deleted');
  });

  test('a host that signs off is not lost, but holds nothing back', async () => {
    const host = a();
    await host.start(only);
    const cleaned = actor(namespace, 'left', { host: host.name });
    cleaned.metadata.finalizers = [FINALIZER];
    const object = await create(cleaned);
    await host.shutDown();
    await client.delete(WasmCloudActorResource, object.metadata);
    await eventually('the finalizer is gone', async () => {
      return (await client.find(WasmCloudActorResource, object.metadata)) === undefined;
    });
    const { status } = await client.get(WasmCloudHostResource, { name: host.name });
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ status: 'False', reason: 'Shutdown' }),
    );
  });
});

describe('hosts that are to be emptied', () => {
  const [leaving, other] = ['leaving', 'other'].map(
    (name) => () => new SimulatedHost(client, `reconciler-${name}`),
  );

  test.each([
    ['a drain', { drain: { requested: true } }, 'HostDraining', 'Host reconciler-leaving is being drained'],
    [
      'a NoExecute taint',
      { taints: [{ key: 'disk', value: 'full', effect: 'NoExecute' as const }] },
      'HostTainted',
      'Host reconciler-leaving has the taint disk=full:NoExecute',
    ],
  ])(
    '%s moves what may move, once there is a place, and leaves what stays in peace',
    async (_, spec, reason, fact) => {
      const from = leaving!();
      await from.start(only);
      const object = await create(actor(namespace, 'moves'));
      const pinned = await create(actor(namespace, 'pinned', { host: from.name }));
      for (const one of [object, pinned]) await run(one, from);
      await client.patch(WasmCloudHostResource, { name: from.name }, { spec });
      const placed = await conditionOfActor(object, 'Placed', `False ${reason}`);
      expect(placed.message).toContain(`${fact}. It stays bound to it: 0/1 hosts are available`);
      // It is served meanwhile.
      await conditionOfActor(object, 'Ready', 'True Running');
      const to = other!();
      await to.start(only);
      expect(await movedFrom(object, from.name)).toBe(to.name);
      await conditionOfActor(object, 'Placed', 'True Bound');
      // The host that it left speaks for it until the other one does.
      await conditionOfActor(object, 'Ready', 'True Running');
      expect(await hostOf(pinned)).toBe(from.name);
      await conditionOfActor(pinned, 'Placed', 'True Bound');
      await from.delete();
      await to.delete();
    },
  );

  test('a drain that is called off leaves everything where it is', async () => {
    const from = leaving!();
    await from.start(only);
    const object = await create(actor(namespace, 'stays'));
    await run(object, from);
    const drain = (requested: boolean) =>
      client.patch(WasmCloudHostResource, { name: from.name }, { spec: { drain: { requested } } });
    await drain(true);
    await conditionOfActor(object, 'Placed', 'False HostDraining');
    await drain(false);
    await conditionOfActor(object, 'Placed', 'True Bound');
    expect(await hostOf(object)).toBe(from.name);
    await from.delete();
  });

  test('one of two replicas is let go, without a host for it, while the other serves', async () => {
    const [from, to] = [leaving!(), other!()];
    await from.start(only);
    const one = await create(actor(namespace, 'one', { componentId: 'replica' }));
    await run(one, from);
    await to.start(only);
    const two = await create(actor(namespace, 'two', { componentId: 'replica' }));
    await client.patch(WasmCloudHostResource, { name: from.name }, { spec: { drain: { requested: true } } });
    // The other one does not serve yet.
    await conditionOfActor(one, 'Placed', 'False HostDraining');
    expect(await hostOf(two)).toBe(to.name);
    await run(two, to);
    await client.patch(WasmCloudActorResource, one.metadata, { metadata: { labels: { look: 'again' } } });
    const { message } = await conditionOfActor(one, 'Placed', 'False Unschedulable');
    expect(message).toContain('1 with component replica bound already');
    await client.patch(WasmCloudHostResource, { name: from.name }, { spec: { drain: { requested: false } } });
    expect(await hostOf(one)).toBe(from.name);
    await from.delete();
    await to.delete();
  });
});

describe('links', () => {
  const linkIs = (name: string, condition: string, expected: Parameters<typeof conditionIs>[4]) =>
    conditionIs(
      client,
      WasmCloudLinkResource,
      { apiVersion: '', kind: '', metadata: { namespace, name } },
      condition,
      expected,
    );

  test('are resolved when both ends exist, and say what is missing', async () => {
    await client.create(WasmCloudLinkResource, link(namespace, 'l', 'http-server', 'ecko'));
    const missing = await linkIs('l', 'Ready', 'False SourceNotFound');
    expect(missing.message).toContain(
      'no actor, provider or distribution in namespace reconciler has the component id "http-server". Create one',
    );
    await client.create(WasmCloudProviderResource, provider(namespace, 'http-server'));
    await linkIs('l', 'Ready', 'False TargetNotFound');
    await create(actor(namespace, 'some-name', { componentId: 'echo' }));
    await eventually('the hint is there', async () =>
      (await linkIs('l', 'Resolved', 'False TargetNotFound')).message.endsWith('"ecko": did you mean echo?'),
    );
    const observed = actor(namespace, 'ecko', { managementPolicy: 'Observe' });
    await create(observed);
    await linkIs('l', 'Ready', 'True Linked');
    await linkIs('l', 'Conflict', 'False None');
    await told('Linked', 'l');
    await client.delete(WasmCloudActorResource, observed.metadata);
    await linkIs('l', 'Ready', 'False TargetNotFound');
    await told('TargetNotFound', 'l');
  });

  test('of two for one identity the older wins, both say so, and the other moves up', async () => {
    for (const name of ['one', 'two', 'three']) await create(actor(namespace, name));
    await client.create(WasmCloudLinkResource, link(namespace, 'z-first', 'one', 'two'));
    // Creation times have seconds only.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await client.create(WasmCloudLinkResource, link(namespace, 'a-second', 'one', 'three'));
    await client.create(WasmCloudLinkResource, link(namespace, 'named', 'one', 'three', { name: 'other' }));
    const loser = await linkIs('a-second', 'Ready', 'False Conflict');
    expect(loser.message).toContain('Link z-first claims the same interfaces of wasi:http from one');
    await linkIs('a-second', 'Conflict', 'True Overruled');
    await linkIs('z-first', 'Conflict', 'True Contested');
    await linkIs('z-first', 'Ready', 'True Linked');
    await linkIs('named', 'Conflict', 'False None');
    await client.delete(WasmCloudLinkResource, { namespace, name: 'z-first' });
    await linkIs('a-second', 'Ready', 'True Linked');
  });
});

test('a WasmCloudLattice counts what is in its namespace', async () => {
  await client.create(WasmCloudLatticeResource, {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudLattice',
    metadata: { namespace, name: 'lattice' },
    spec: {},
  });
  const read = () => client.get(WasmCloudLatticeResource, { namespace, name: 'lattice' });
  await eventually('there is no host', async () => (await read()).status?.hosts === 0);
  await told('NoHost', 'lattice');
  const host = a();
  await host.start(only);
  await create(actor(namespace, 'counted'));
  await eventually('all is counted', async () => {
    const { status } = await read();
    return status?.hosts === 1 && status.actors === 1 && status.providers === 0 && status.links === 0;
  });
  const ready = (await read()).status?.conditions?.find(({ type }) => type === 'Ready');
  expect(ready).toMatchObject({ status: 'True', reason: 'Served' });
  await told('Served', 'lattice');
  await host.delete();
  await client.delete(WasmCloudLatticeResource, { namespace, name: 'lattice' });
});
