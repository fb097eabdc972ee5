import path from 'node:path';
import {
  API_VERSION,
  HOST_USER_PREFIX,
  LeaseResource,
  SYSTEM_NAMESPACE,
  WasmCloudActorResource,
  WasmCloudHostResource,
  type WasmCloudHost,
  hostLeaseName,
} from '../../lib/api';
import { ApiError, KubeClient, loadConnection } from '../../lib/kube';
import { hostGroup } from '../../lib/local/control-plane';
import { writeKubeconfig } from '../../lib/local/kubeconfig';
import { Pki } from '../../lib/local/pki';
import { ensureNamespace, eventually, testClient } from './cluster';

// The API server judges hosts that come with certificates of their own, as those of a real lattice do.

const namespace = 'admission';
let admin: KubeClient;
let host: KubeClient;

/** A client that is the host of that name. */
async function clientOf(name: string): Promise<KubeClient> {
  const dir = process.env['KASMCLOUD_TEST_DIR'] ?? '';
  const pki = new Pki(path.join(dir, 'pki'));
  const file = path.join(dir, `${name}.kubeconfig`);
  const client = pki.client(`${HOST_USER_PREFIX}${name}`, hostGroup);
  writeKubeconfig(file, { server: admin.connection.server.href, ca: pki.ca, client, context: 'host' });
  return new KubeClient(await loadConnection({ kubeconfig: file }));
}

function hostObject(name: string): WasmCloudHost {
  return { apiVersion: API_VERSION, kind: 'WasmCloudHost', metadata: { name }, spec: { lattices: ['*'] } };
}

async function actorOn(name: string, hostName: string): Promise<void> {
  await admin.create(WasmCloudActorResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudActor',
    metadata: { namespace, name },
    spec: { image: 'file:///none.wasm', host: hostName },
  });
}

/** A client with the account token of a pod, of which several share the account. */
function podOf(podName: string, nodeName: string): KubeClient {
  const { connection } = admin;
  const claim = 'Impersonate-Extra-authentication.kubernetes.io%2F';
  return new KubeClient({
    server: connection.server,
    namespace: connection.namespace,
    credentials: async (fresh) => {
      const { agent, headers } = await connection.credentials(fresh);
      const identity = {
        'Impersonate-User': 'system:serviceaccount:kasmcloud-system:host',
        'Impersonate-Group': hostGroup,
        [`${claim}pod-name`]: podName,
        [`${claim}node-name`]: nodeName,
      };
      return { agent, headers: { ...headers, ...identity } };
    },
    close: () => undefined,
  });
}

/** What became of a write: `done`, or the reason and message of the refusal. */
function outcome(write: Promise<unknown>): Promise<string> {
  return write.then(
    () => 'done',
    (error: unknown) => {
      if (error instanceof ApiError) return `${error.reason}: ${error.message}`;
      throw error;
    },
  );
}

const applied = { fieldManager: 'test', force: true };
const writeHost = (name: string) => host.apply(WasmCloudHostResource, hostObject(name), applied);
const writeHostStatus = (name: string) =>
  host.applyStatus(WasmCloudHostResource, { ...hostObject(name), status: { version: '1.0.0' } }, applied);
const writeActorStatus = (name: string) =>
  host.patch(
    WasmCloudActorResource,
    { namespace, name },
    { status: { instances: 1 } },
    { subresource: 'status', fieldManager: 'test' },
  );
const editHost = (spec: object) =>
  host.patch(WasmCloudHostResource, { name: 'admission-mine' }, { spec }, { fieldManager: 'test' });
const writeLease = (name: string) =>
  host.create(LeaseResource, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: SYSTEM_NAMESPACE, name },
    spec: { holderIdentity: 'me' },
  });

beforeAll(async () => {
  admin = await testClient();
  await ensureNamespace(admin, namespace);
  host = await clientOf('admission-mine');
  await admin.apply(WasmCloudHostResource, hostObject('admission-other'), applied);
  await actorOn('on-mine', 'admission-mine');
  await actorOn('on-other', 'admission-other');
  // Policies reach the API server's judges a moment after they are stored.
  await eventually('the policy is in force', async () =>
    (await outcome(writeHost('admission-other'))).startsWith('Forbidden'),
  );
});
afterAll(() => {
  for (const client of [admin, host]) client?.connection.close();
});

test.each([
  ['its own host', () => writeHost('admission-mine')],
  ['the status of its own host', () => writeHostStatus('admission-mine')],
  ['its own Lease', () => writeLease(hostLeaseName('admission-mine'))],
  ['the status of an actor that is bound to it', () => writeActorStatus('on-mine')],
])('a host writes %s', async (_, write) => {
  expect(await outcome(write())).toBe('done');
});

test.each([
  ['another host', () => writeHost('admission-other')],
  ['a host that is not there yet', () => writeHost('admission-new')],
  ['the status of another host', () => writeHostStatus('admission-other')],
  ['the Lease of another host', () => writeLease(hostLeaseName('admission-other'))],
  ['the Lease of a leader', () => writeLease('leader-reconciler')],
  ['the status of an actor that is bound to another', () => writeActorStatus('on-other')],
])('a host is refused %s, and told who it is', async (_, write) => {
  expect(await outcome(write())).toMatch(
    /^Forbidden: .*user kasmcloud:host:admission-mine speaks for host admission-mine, not for/s,
  );
});

test('a host cannot take off what people put on it, nor lure anything by what only they may say', async () => {
  const spec = { lattices: ['*'], taints: [{ key: 'broken', effect: 'NoExecute' }], unschedulable: true };
  await admin.patch(WasmCloudHostResource, { name: 'admission-mine' }, { spec });
  for (const change of [
    { taints: null },
    { taints: [{ key: 'other', effect: 'NoSchedule' }] },
    { unschedulable: false },
    { labels: { 'host-restriction.kasmcloud.io/tier': 'secure' } },
    { capacity: { instances: 1_000_000 } },
    { drain: { requested: true } },
  ])
    expect(await outcome(editHost(change))).toMatch(
      /^Forbidden: .*hosts do not set spec\.taints, spec\.labels/s,
    );
  // What it says of itself anew leaves all of that.
  expect(await outcome(writeHost('admission-mine'))).toBe('done');
  const { spec: now } = await admin.get(WasmCloudHostResource, { name: 'admission-mine' });
  expect(now).toMatchObject(spec);
  const labelled = {
    ...hostObject('admission-fresh'),
    spec: { lattices: ['*'], labels: { tier: 'secure' } },
  };
  const fresh = await clientOf('admission-fresh');
  expect(await outcome(fresh.apply(WasmCloudHostResource, labelled, applied))).toMatch(/^Forbidden: /);
  fresh.connection.close();
});

test('a host neither binds anything to itself, nor ends or deletes what is not its own', async () => {
  const onOther = { namespace, name: 'on-other' };
  const otherLease = { namespace: SYSTEM_NAMESPACE, name: hostLeaseName('admission-other') };
  await admin.create(LeaseResource, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: otherLease,
    spec: { holderIdentity: 'other' },
  });
  const attempts = {
    'bind by spec': () => host.patch(WasmCloudActorResource, onOther, { spec: { host: 'admission-mine' } }),
    'bind by status': () =>
      host.patch(
        WasmCloudActorResource,
        onOther,
        { spec: { host: 'admission-mine' }, status: { hostName: 'admission-mine' } },
        { subresource: 'status' },
      ),
    'delete an actor': () => host.delete(WasmCloudActorResource, { namespace, name: 'on-mine' }),
    'delete its host': () => host.delete(WasmCloudHostResource, { name: 'admission-mine' }),
    'delete another Lease': () => host.delete(LeaseResource, otherLease),
    'renew another Lease': async () => host.replace(LeaseResource, await host.get(LeaseResource, otherLease)),
    'hide behind a name to come': () =>
      host.raw(`/apis/coordination.k8s.io/v1/namespaces/${SYSTEM_NAMESPACE}/leases`, {
        method: 'POST',
        body: JSON.stringify({ metadata: { generateName: hostLeaseName('admission-') }, spec: {} }),
      }),
    'make a distribution': () =>
      host.raw(`/apis/${API_VERSION}/namespaces/${namespace}/wasmclouddistributions`, {
        method: 'POST',
        body: '{}',
      }),
  };
  for (const [attempt, write] of Object.entries(attempts))
    expect([attempt, await outcome(write())]).toEqual([
      attempt,
      expect.stringMatching(/^(Forbidden|Invalid): /),
    ]);
  // Of what is bound to it, it writes the status and nothing else.
  const mine = { namespace, name: 'on-mine' };
  const claim = {
    metadata: { labels: { stolen: 'yes' }, finalizers: ['x.test/y'] },
    spec: { image: 'file:///evil' },
  };
  await host.patch(
    WasmCloudActorResource,
    mine,
    { ...claim, status: { instances: 1 } },
    { subresource: 'status' },
  );
  const after = await admin.get(WasmCloudActorResource, mine);
  expect([after.spec.image, after.metadata.labels, after.metadata.finalizers]).toEqual([
    'file:///none.wasm',
    undefined,
    undefined,
  ]);
  await admin.delete(LeaseResource, otherLease);
});

test('the token of a pod tells which host it is, by the name of the pod or of its node', async () => {
  const pod = podOf('admission-pod', 'admission-node');
  const write = (name: string) => outcome(pod.apply(WasmCloudHostResource, hostObject(name), applied));
  expect([await write('admission-pod'), await write('admission-node')]).toEqual(['done', 'done']);
  expect(await write('admission-other')).toMatch(/^Forbidden: .*admission-pod or admission-node, not for/s);
});

test('others are not judged', async () => {
  expect(await outcome(admin.apply(WasmCloudHostResource, hostObject('admission-other'), applied))).toBe(
    'done',
  );
});
