import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  EventResource,
  LeaseResource,
  SYSTEM_NAMESPACE,
  WasmCloudActorResource,
  leaderLeaseName,
  rbacManifests,
  rbacResource,
} from '../../lib/api';
import { KubeClient, loadConnection } from '../../lib/kube';
import { bootstrap } from '../../lib/local/bootstrap';
import { type ControlPlane, reconcilerUser, startControlPlane } from '../../lib/local/control-plane';
import { writeKubeconfig } from '../../lib/local/kubeconfig';
import { ensureNamespace } from '../integration/cluster';
import { eventually } from '../integration/eventually';
import { SimulatedHost, actor } from '../integration/lattice-objects';
import { ReconcilerProcess } from '../reconciler-process';
import { AuditLog } from './audit-log';
import { TraceCollector } from './trace-collector';

// Two reconcilers, processes of the built command, on one API server.

const namespace = 'availability';
const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-ha-'));
let cluster: ControlPlane;
let client: KubeClient;
let host: SimulatedHost;
let collector: TraceCollector;
const audit = new AuditLog(path.join(dir, 'audit'));

/** A kubeconfig of another user with the rights of a reconciler, whom the audit log tells from the first. */
function kubeconfigOf(user: string): string {
  const file = path.join(dir, `${user.replaceAll(':', '-')}.kubeconfig`);
  const { pki, url } = cluster;
  writeKubeconfig(file, { server: url, ca: pki.ca, client: pki.client(user), context: 'reconciler' });
  return file;
}

/** Starts a reconciler that tells the collector what it does. */
function startReplica(kubeconfig = cluster.kubeconfig('reconciler')): Promise<ReconcilerProcess> {
  return ReconcilerProcess.start(kubeconfig, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=here',
  });
}

const replicas: ReconcilerProcess[] = [];

async function leader(): Promise<ReconcilerProcess> {
  const found = await eventually(
    'one of them leads',
    async () => {
      const leading = await Promise.all(replicas.map((replica) => replica.leads()));
      return replicas[leading.indexOf(true)];
    },
    // A Lease that nobody gave back runs out after 15 seconds.
    40_000,
  );
  return found;
}

/** Creates actors and waits until each is bound. */
async function bindAll(prefix: string, count: number): Promise<void> {
  const objects = Array.from({ length: count }, (_, i) => actor(namespace, `${prefix}-${i}`));
  await Promise.all(objects.map((object) => client.create(WasmCloudActorResource, object)));
  await eventually(
    `all ${prefix} actors are bound`,
    async () => {
      const { items } = await client.list(WasmCloudActorResource, { namespace });
      return (
        items.filter(({ metadata, spec }) => metadata.name.startsWith(prefix) && spec.host).length === count
      );
    },
    40_000,
  );
}

beforeAll(async () => {
  collector = await TraceCollector.start();
  cluster = await startControlPlane({ dir, apiServerArgs: audit.apiServerArgs });
  client = new KubeClient(await loadConnection({ kubeconfig: cluster.kubeconfig('admin') }));
  await bootstrap(client);
  await ensureNamespace(client, namespace);
  host = new SimulatedHost(client, 'availability-host', { durationMs: 15_000, renewMs: 1_000 });
  await host.start();
  replicas.push(await startReplica(), await startReplica());
});

afterAll(async () => {
  for (const replica of replicas) await replica.end('SIGTERM');
  await host?.delete();
  client?.connection.close();
  await cluster?.stop();
  collector?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'of two reconcilers one works; after %s the other goes on',
  async (signal) => {
    const first = await leader();
    expect((await Promise.all(replicas.map((replica) => replica.leads()))).filter(Boolean)).toHaveLength(1);
    await bindAll(`before-${signal.toLowerCase()}`, 20);

    await first.end(signal);
    replicas.splice(replicas.indexOf(first), 1);
    await bindAll(`after-${signal.toLowerCase()}`, 20);
    expect(await leader()).not.toBe(first);
    replicas.push(await startReplica());
  },
);

test('a leader that was frozen for longer than its Lease writes nothing after another has begun', async () => {
  for (const replica of replicas.splice(0)) await replica.end('SIGTERM');
  const users = ['a', 'b'].map((name) => `reconciler:${name}`);
  const subjects = [reconcilerUser, ...users].map((name) => ({ kind: 'User' as const, name }));
  for (const object of rbacManifests('reconciler', subjects))
    await client.apply(rbacResource(object), object, { fieldManager: 'kasmcloud-cli', force: true });
  for (const user of users) {
    replicas.push(await startReplica(kubeconfigOf(user)));
    await leader();
  }
  const [old, next] = replicas as [ReconcilerProcess, ReconcilerProcess];
  expect(await leader()).toBe(old);
  const names = Array.from({ length: 200 }, (_, i) => `frozen-${i}`);
  const bound = async (): Promise<number> => {
    const { items } = await client.list(WasmCloudActorResource, { namespace });
    return items.filter(({ metadata, spec }) => metadata.name.startsWith('frozen-') && spec.host).length;
  };
  const created = Promise.all(
    names.map((name) => client.create(WasmCloudActorResource, actor(namespace, name))),
  );
  await eventually('some are bound', async () => (await bound()) > 10);
  old.child.kill('SIGSTOP');
  await created;
  await eventually('the other has bound the rest', async () => (await bound()) === names.length, 60_000);
  const lease = { namespace: SYSTEM_NAMESPACE, name: leaderLeaseName('reconciler') };
  const { spec } = await client.get(LeaseResource, lease);
  const takenAt = Date.parse(spec.acquireTime ?? '');
  old.child.kill('SIGCONT');
  await eventually('the old one follows', async () => !(await old.leads()));
  await bindAll('thawed', 20);
  expect(await leader()).toBe(next);

  const late = audit
    .requestsOf(users[0]!)
    .filter(({ action, at }) => at > takenAt && !/^(get|list|watch) /.test(action))
    // Of what it did while it led it may still tell.
    .filter(({ action }) => action !== 'create events.events.k8s.io')
    // By the version of its Lease it learns that it leads no more.
    .filter(({ action, status }) => !(action === 'update leases.coordination.k8s.io' && status === 409));
  expect(late).toEqual([]);
  const writes = audit
    .requestsOf(users[1]!)
    .filter(({ action }) => action === 'patch wasmcloudactors.kasmcloud.io');
  const patched = writes.filter(({ status }) => status === 200).map(({ name }) => name);
  expect(patched).toHaveLength(new Set(patched).size);
}, 180_000);

test('nothing was done twice', async () => {
  const { items } = await client.list(EventResource, { namespace });
  const bound = items.filter(({ reason }) => reason === 'Bound');
  // One that ended by SIGKILL may have had no time to tell of its last ones.
  const objects = new Set(bound.map(({ regarding }) => regarding?.name));
  expect(bound).toHaveLength(objects.size);
  expect(objects.size).toBeGreaterThanOrEqual(60);
});

test('a collector is told of each pass, and of what it asked the API server', () => {
  // The reconciler that ended by SIGTERM has sent everything.
  const { spans } = collector;
  const patch = spans.find(
    ({ name, parentSpanId }) =>
      name === 'PATCH' &&
      spans.some((span) => span.spanId === parentSpanId && span.name.startsWith('reconcile ')),
  );
  expect(patch?.resource).toMatchObject({
    'service.name': 'kasmcloud-reconciler',
    'k8s.pod.name': 'here',
  });
  expect(patch?.resource['service.version']).toMatch(/^\d+\.\d+\.\d+/);
  // Watches belong to no pass.
  expect(spans.filter(({ name, parentSpanId }) => !name.startsWith('reconcile ') && !parentSpanId)).toEqual(
    [],
  );
});
