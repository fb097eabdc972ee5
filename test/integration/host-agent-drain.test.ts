import { createHash } from 'node:crypto';
import {
  conditionOf,
  hostLeaseName,
  LeaseResource,
  SYSTEM_NAMESPACE,
  type WasmCloudActor,
  WasmCloudActorResource,
  type WasmCloudHost,
  WasmCloudHostResource,
  WasmCloudProviderResource,
} from '../../lib/api';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import { bench, eventually, type TestHost, untilCondition } from './host-agent-harness';
import { TcpProxy } from './tcp-proxy';

// Real agents with fake actors, and the real reconciler.

const lab = bench();
const stop = new AbortController();
let reconciler: Promise<void>;
let namespace: string;
let proxy: TcpProxy | undefined;

beforeAll(async () => {
  let health: ReconcilerHealth | undefined;
  reconciler = runReconciler({
    connection: lab.client.connection,
    identity: 'drain-test',
    signal: stop.signal,
    onHealth: (given) => (health = given),
  });
  await eventually(() => expect(health?.ready()).toBe(true));
});
afterAll(async () => {
  stop.abort();
  await reconciler;
});
beforeEach(async () => {
  namespace = await lab.namespace();
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
});

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const lattices = (): { lattices: string[] } => ({ lattices: [namespace] });

async function create(name: string, spec: Partial<WasmCloudActor['spec']> = {}): Promise<void> {
  await lab.client.create(WasmCloudActorResource, {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudActor',
    metadata: { name, namespace },
    spec: { image: await lab.component(name), ...spec },
  });
}

/** Waits until an actor serves on a host, by its own word. */
function serves(name: string, host: TestHost): Promise<WasmCloudActor> {
  return eventually(async () => {
    const actor = await lab.client.get(WasmCloudActorResource, { name, namespace });
    expect(actor.spec.host).toBe(host.identity.name);
    expect(actor.status?.hostName).toBe(host.identity.name);
    expect(conditionOf(actor, 'Ready')).toMatchObject({ status: 'True', reason: 'Running' });
    return actor;
  }, 30_000);
}

const request = (host: TestHost, requested: boolean): Promise<WasmCloudHost> =>
  lab.client.patch(WasmCloudHostResource, { name: host.identity.name }, { spec: { drain: { requested } } });
const hostIs = (host: TestHost, condition: Parameters<typeof untilCondition>[3]): Promise<WasmCloudHost> =>
  untilCondition(lab.client, WasmCloudHostResource, { name: host.identity.name }, condition);

it('drains a host: each actor serves here until it serves there, and then nothing is left', async () => {
  const from = await lab.host(lattices());
  await create('moving');
  await serves('moving', from);
  const to = await lab.host(lattices());
  // The first start there fails.
  to.broken.add(digestOf('\0asmmoving'));
  await request(from, true);
  await untilCondition(
    lab.client,
    WasmCloudActorResource,
    { name: 'moving', namespace },
    {
      status: 'False',
      reason: 'InvalidComponent',
    },
  );
  expect(from.running('moving')).toHaveLength(1);
  await hostIs(from, { type: 'Draining', status: 'True', reason: 'Requested' });
  const waiting = await hostIs(from, { type: 'Drained', status: 'False', reason: 'Leaving' });
  expect(conditionOf(waiting, 'Drained')?.message).toContain('1 to be taken over by another host');

  to.broken.clear();
  await lab.client.patch(
    WasmCloudActorResource,
    { name: 'moving', namespace },
    { spec: { limits: { memory: '8Mi' } } },
  );
  await serves('moving', to);
  await hostIs(from, { type: 'Drained', status: 'True' });
  expect(from.running('moving')).toEqual([]);
  expect(to.running('moving')).toHaveLength(1);

  await request(from, false);
  await hostIs(from, { type: 'Draining', status: 'False' });
  expect(to.running('moving')).toHaveLength(1);
});

it('drains providers, too, and says what people bound by name', async () => {
  const from = await lab.host(lattices());
  const provider = (name: string, host?: string) => ({
    apiVersion: 'kasmcloud.io/v1alpha1' as const,
    kind: 'WasmCloudProvider' as const,
    metadata: { name, namespace },
    spec: { image: 'builtin://http-server', ...(host !== undefined && { host }) },
  });
  await lab.client.create(WasmCloudProviderResource, provider('http'));
  await lab.client.create(WasmCloudProviderResource, provider('pinned', from.identity.name));
  const key = { name: 'http', namespace };
  const bound = await untilCondition(lab.client, WasmCloudProviderResource, key, { status: 'True' });
  expect(bound.status?.hostName).toBe(from.identity.name);
  const to = await lab.host(lattices());
  await request(from, true);
  await eventually(async () => {
    const { status } = await lab.client.get(WasmCloudProviderResource, key);
    expect(status?.hostName).toBe(to.identity.name);
  });
  const drained = await hostIs(from, { type: 'Drained', status: 'False', reason: 'PinnedLeft' });
  expect(conditionOf(drained, 'Drained')?.message).toBe(`${namespace}/pinned bound to this host by name`);
});

it('ends only when all that can serves elsewhere, and at once where nothing can', async () => {
  const from = await lab.host(lattices());
  await create('safe');
  await create('pinned', { host: from.identity.name });
  await serves('safe', from);
  await serves('pinned', from);
  const to = await lab.host(lattices());
  await hostIs(to, { status: 'True' });
  await from.stop();
  // No wait: it was so before the host ended.
  const safe = await lab.client.get(WasmCloudActorResource, { name: 'safe', namespace });
  expect(safe.status?.hostName).toBe(to.identity.name);
  expect(conditionOf(safe, 'Ready')).toMatchObject({ status: 'True' });
  const pinned = await lab.client.get(WasmCloudActorResource, { name: 'pinned', namespace });
  expect(conditionOf(pinned, 'Ready')).toMatchObject({ status: 'False', reason: 'HostShutdown' });
  const gone = await lab.client.get(WasmCloudHostResource, { name: from.identity.name });
  expect(conditionOf(gone, 'Ready')).toMatchObject({ status: 'False', reason: 'Shutdown' });
  const lease = { name: hostLeaseName(from.identity.name), namespace: SYSTEM_NAMESPACE };
  expect(await lab.client.find(LeaseResource, lease)).toBeUndefined();

  // Longer than a test may take: it would time out if the host waited for what can go nowhere.
  const patience = { spec: { drain: { graceSeconds: 3_600 } } };
  await lab.client.patch(WasmCloudHostResource, { name: to.identity.name }, patience);
  await eventually(async () => {
    const { metadata, status } = await lab.client.get(WasmCloudHostResource, { name: to.identity.name });
    expect(status?.observedGeneration).toBe(metadata.generation);
  });
  await to.stop();
});

it('serves on while it cannot reach the API server, and ends what has gone elsewhere when it can', async () => {
  proxy = await TcpProxy.start(lab.client.connection.server);
  const cutOff = await lab.host(lattices(), { through: proxy.through(lab.client.connection) });
  await create('twice');
  await serves('twice', cutOff);
  const other = await lab.host(lattices());
  proxy.refuse(true);
  proxy.cut();
  await serves('twice', other);
  expect(cutOff.running('twice')).toHaveLength(1);
  proxy.refuse(false);
  await eventually(() => expect(cutOff.running('twice')).toEqual([]), 30_000);
  expect(other.running('twice')).toHaveLength(1);
  await hostIs(cutOff, { status: 'True', reason: 'Serving' });
}, 90_000);
