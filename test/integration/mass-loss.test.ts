import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventResource, WasmCloudActorResource } from '../../lib/api';
import { type Connection, KubeClient, loadConnection } from '../../lib/kube';
import { bootstrap } from '../../lib/local/bootstrap';
import { type ControlPlane, startControlPlane } from '../../lib/local/control-plane';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import { ensureNamespace, eventually } from './cluster';
import { SimulatedHost, actor } from './lattice-objects';
import { TcpProxy } from './tcp-proxy';

// What looks like the loss of hosts, and is none.

const namespace = 'mass-loss';
const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-mass-loss-'));
const stop = new AbortController();
let cluster: ControlPlane;
let connection: Connection;
let client: KubeClient;
let running: Promise<void>;

beforeAll(async () => {
  cluster = await startControlPlane({ dir });
  connection = await loadConnection({ kubeconfig: cluster.kubeconfig('admin') });
  client = new KubeClient(connection);
  await bootstrap(client);
  await ensureNamespace(client, namespace);
  let health: ReconcilerHealth | undefined;
  running = runReconciler({
    connection: await loadConnection({ kubeconfig: cluster.kubeconfig('reconciler') }),
    identity: 'test',
    signal: stop.signal,
    onHealth: (given) => (health = given),
  });
  await eventually('the reconciler is ready', () => health?.ready());
}, 120_000);

afterAll(async () => {
  stop.abort();
  await running;
  connection?.close();
  await cluster?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Where each actor is, once all are somewhere. */
function places(): Promise<Record<string, string>> {
  return eventually('all are bound', async () => {
    const { items } = await client.list(WasmCloudActorResource, { namespace });
    if (items.some(({ spec }) => spec.host === undefined)) return undefined;
    return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.host ?? '']));
  });
}

/** What was told of hosts. */
async function told(reason: string): Promise<string[]> {
  const { items } = await client.list(EventResource, { namespace: 'default' });
  return items
    .filter((event) => event.reason === reason)
    .map(({ regarding }) => regarding?.name ?? '')
    .sort();
}

function signal(program: string, name: NodeJS.Signals): void {
  const pid = cluster.programs.find(({ spec }) => spec.name === program)?.status.process?.pid;
  if (pid === undefined) throw new Error(`No process of ${program}`);
  process.kill(pid, name);
}

// The leader may stay leader through the shorter, and has to stand for election again after the longer.
test.each([
  ['kube-apiserver', 7_500],
  ['kine', 14_000],
])(
  '%s that is frozen for %d ms costs no host anything',
  async (program, ms) => {
    const hosts = ['a', 'b'].map(
      (name) => new SimulatedHost(client, `frozen-${name}`, { durationMs: 10_000, renewMs: 3_000 }),
    );
    for (const host of hosts) await host.start();
    for (let i = 0; i < 6; i++) await client.create(WasmCloudActorResource, actor(namespace, `calm-${i}`));
    const before = await places();
    signal(program, 'SIGSTOP');
    await pass(ms);
    signal(program, 'SIGCONT');
    // Had it been held against them, they were declared lost within the duration of a Lease.
    await pass(11_000);
    expect(await told('HostLost')).toEqual([]);
    expect(await places()).toEqual(before);
    for (const name of Object.keys(before)) await client.delete(WasmCloudActorResource, { namespace, name });
    for (const host of hosts) await host.delete();
  },
  90_000,
);

test('most hosts that are cut off at once keep what they run, one that is lost does not', async () => {
  const proxy = await TcpProxy.start(connection.server);
  const behind = new KubeClient(
    proxy.through(await loadConnection({ kubeconfig: cluster.kubeconfig('admin') })),
  );
  const heartbeat = { durationMs: 8_000, renewMs: 500 };
  const near = ['a', 'b'].map((name) => new SimulatedHost(client, `near-${name}`, heartbeat));
  const far = ['a', 'b', 'c'].map((name) => new SimulatedHost(behind, `far-${name}`, heartbeat));
  for (const host of [...near, ...far]) await host.start();
  for (let i = 0; i < 10; i++) await client.create(WasmCloudActorResource, actor(namespace, `wide-${i}`));
  const before = await places();
  expect(new Set(Object.values(before)).size).toBe(5);

  proxy.refuse(true);
  proxy.cut();
  const cut = far.map(({ name }) => name);
  await eventually(
    'all that are cut off are told of',
    async () => (await told('LossDoubted')).join() === cut.join(),
  );
  await pass(3_000);
  expect(await told('HostLost')).toEqual([]);
  expect(await places()).toEqual(before);

  proxy.refuse(false);
  await pass(6_000);
  await near[0]?.crash();
  const moved = await eventually('what the lost one had is elsewhere', async () => {
    const now = await places();
    return Object.values(now).includes('near-a') ? undefined : now;
  });
  expect(await told('HostLost')).toEqual(['near-a']);
  for (const [name, host] of Object.entries(before)) if (host !== 'near-a') expect(moved[name]).toBe(host);
  for (const host of [...near, ...far]) await host.delete();
  behind.connection.close();
  await proxy.stop();
}, 90_000);
