import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  API_VERSION,
  HOST_USER_PREFIX,
  type KubeObject,
  type ResourceType,
  type RuntimeRole,
  SecretResource,
  ConfigMapResource,
  SYSTEM_NAMESPACE,
  WasmCloudActorResource,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
  WasmCloudLatticeResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
  conditionOf,
  conditionTypes,
  isReady,
  rbacManifests,
} from '../../lib/api';
import { KubeClient, loadConnection } from '../../lib/kube';
import { bootstrap } from '../../lib/local/bootstrap';
import { type ControlPlane, reconcilerUser, startControlPlane } from '../../lib/local/control-plane';
import { npmTools } from '../../lib/local/npm-tools';
import { component } from '../host/components';
import { HostProcess } from '../host-process';
import { configMap, ensureNamespace } from '../integration/cluster';
import { eventually } from '../integration/eventually';
import { actor, link, provider } from '../integration/lattice-objects';
import { endProcess, spawnNats } from '../interop/plain-nats';
import { AuditLog, type Request } from './audit-log';

// A reconciler and hosts do all that they ever do; the API server's audit log says which of their rights that took.

const namespace = 'rights';
const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-rights-'));
const audit = new AuditLog(path.join(dir, 'audit'));
const hosts: HostProcess[] = [];
let reconciler: ChildProcess;
let cluster: ControlPlane;
let nats: { url: string; server: ChildProcess };
let client: KubeClient;

/** Actions that a role is granted, by the namespace of the Role that grants them; none for ClusterRoles. */
function granted(role: RuntimeRole): { action: string; namespace: string }[] {
  return rbacManifests(role, []).flatMap(({ metadata, rules = [] }) =>
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({
            action: `${verb} ${resource}${group ? `.${group}` : ''}`,
            namespace: metadata.namespace ?? '',
          })),
        ),
      ),
    ),
  );
}

/** Grants that no request made use of. */
function unused(role: RuntimeRole, requests: readonly Request[]): string[] {
  const used = new Set(requests.flatMap(({ action, namespace }) => [action, `${action} in ${namespace}`]));
  return granted(role)
    .map(({ action, namespace }) => (namespace === '' ? action : `${action} in ${namespace}`))
    .filter((grant) => !used.has(grant));
}

async function startHost(name: string): Promise<HostProcess> {
  const kubeconfig = cluster.kubeconfig('host', name);
  const host = await HostProcess.start({ name, kubeconfig, dir, args: [`--nats-url=${nats.url}`] });
  hosts.push(host);
  return host;
}

function startReconciler(): ChildProcess {
  const command = path.resolve(__dirname, '../../dist/kasmcloud.cjs');
  const args = ['run', 'reconciler', '--kubeconfig', cluster.kubeconfig('reconciler')];
  return spawn(process.execPath, [command, ...args], { stdio: 'ignore' });
}

async function create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<void> {
  await client.create(type, object);
}

async function ready<T extends KubeObject>(type: ResourceType<T>, name: string): Promise<void> {
  await eventually(
    `${type.kind} ${name} is ready`,
    async () => isReady((await client.get(type, { namespace, name })) as Parameters<typeof isReady>[0]),
    60_000,
  );
}

beforeAll(async () => {
  cluster = await startControlPlane({ dir, apiServerArgs: audit.apiServerArgs });
  nats = await spawnNats(path.join(dir, 'nats'));
  client = new KubeClient(await loadConnection({ kubeconfig: cluster.kubeconfig('admin') }));
  await bootstrap(client);
  await ensureNamespace(client, namespace);
  process.env['KASMCLOUD_TEST_WASM_TOOLS'] = await npmTools('wasm');
}, 300_000);

afterAll(async () => {
  for (const each of hosts) await each.stop();
  if (reconciler !== undefined) await endProcess(reconciler);
  client?.connection.close();
  if (nats !== undefined) await endProcess(nats.server);
  await cluster?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('a lattice lives through everything', async () => {
  const { wasm } = await component('hello.wat');
  const images = ['one', 'two'].map((name) => path.join(dir, `${name}.wasm`));
  for (const image of images) copyFileSync(wasm, image);
  const [first = '', second = ''] = images.map((image) => `file://${image}`);
  reconciler = startReconciler();
  // Without a host, the reconciler looks whether what it reads is there.
  await create(
    WasmCloudActorResource,
    actor(namespace, 'early', { image: first, config: { configFrom: [{ name: 'map' }] } }),
  );
  await eventually('it waits', async () => {
    const early = await client.get(WasmCloudActorResource, { namespace, name: 'early' });
    return conditionOf(early, conditionTypes.configResolved)?.status === 'False';
  });
  const drained = await startHost('rights-a');
  const lost = await startHost('rights-b');

  // What actors, providers and links read, and what is missing at first.
  await create(SecretResource, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'secret' },
    stringData: { token: 'xyzzy' },
  });
  await create(WasmCloudLatticeResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudLattice',
    metadata: { namespace, name: 'lattice' },
    spec: {},
  });
  const config = { configFrom: [{ name: 'map' }], secretFrom: [{ name: 'secret' }] };
  await create(WasmCloudActorResource, actor(namespace, 'hello', { image: first, config }));
  await create(WasmCloudProviderResource, provider(namespace, 'http'));
  await create(
    WasmCloudLinkResource,
    link(namespace, 'link', 'http', 'hello', { sourceConfig: { values: { address: '127.0.0.1:0' } } }),
  );
  await create(ConfigMapResource, configMap(namespace, 'map', { greeting: 'hello' }));
  await ready(WasmCloudActorResource, 'hello');
  await ready(WasmCloudLinkResource, 'link');
  await ready(WasmCloudProviderResource, 'http');

  // An image that is not there is told of again and again.
  await create(WasmCloudActorResource, actor(namespace, 'broken', { image: `file://${dir}/none.wasm` }));

  // A distribution that is rolled out, back, and away.
  const key = { namespace, name: 'spread' };
  await create(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: key,
    spec: { template: { actor: { image: first } }, instances: 2, revisionHistoryLimit: 1 },
  });
  await ready(WasmCloudDistributionResource, 'spread');
  const daemon = { namespace, name: 'daemon' };
  await create(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: daemon,
    spec: { template: { provider: { image: 'builtin://messaging-nats' } }, mode: 'Daemon' },
  });
  await ready(WasmCloudDistributionResource, 'daemon');
  const rollTo = async (spec: object): Promise<void> => {
    const { metadata } = await client.patch(WasmCloudDistributionResource, key, { spec });
    await eventually(
      'it is rolled out',
      async () => {
        const now = await client.get(WasmCloudDistributionResource, key);
        return (
          isReady(now) &&
          (now.status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
          now.status?.updatedInstances === 2 &&
          now.status.currentRevision === now.status.updateRevision &&
          now.spec.rollbackTo === undefined
        );
      },
      60_000,
    );
  };
  await rollTo({ template: { actor: { image: second } } });
  await rollTo({ rollbackTo: { revision: 1 } });
  await rollTo({ template: { actor: { limits: { memory: '64Mi' } } } });
  await rollTo({ template: { actor: { limits: { memory: '32Mi' } } } });

  // All of this may take less time than there is between two heartbeats.
  await eventually(
    'a Lease is renewed',
    () =>
      Promise.resolve(
        audit
          .requestsOf(`${HOST_USER_PREFIX}rights-a`)
          .some(({ action }) => action === 'update leases.coordination.k8s.io'),
      ),
    60_000,
  );

  // A host that is drained, one that ends, and one that is lost.
  await client.patch(WasmCloudHostResource, { name: 'rights-a' }, { spec: { drain: { requested: true } } });
  await eventually(
    'the host is drained',
    async () => {
      const { items } = await client.list(WasmCloudActorResource, { namespace });
      return items.every(({ metadata, spec }) => metadata.name === 'broken' || spec.host !== 'rights-a');
    },
    60_000,
  );
  await drained.stop();
  await lost.stop('SIGKILL');
  await eventually(
    'the loss is noticed',
    async () => !isReady(await client.get(WasmCloudHostResource, { name: 'rights-b' })),
    60_000,
  );
  await client.delete(WasmCloudDistributionResource, key);
  await client.delete(WasmCloudDistributionResource, daemon);
}, 240_000);

// Used only ten minutes after a host has signed off (lib/reconciler/host-expiry.ts), which no test waits for.
const forgetHosts = ['get wasmcloudhosts.kasmcloud.io', 'delete wasmcloudhosts.kasmcloud.io'];

describe.each<[RuntimeRole, string[], string[]]>([
  ['host', [`${HOST_USER_PREFIX}rights-a`, `${HOST_USER_PREFIX}rights-b`], []],
  ['reconciler', [reconcilerUser], forgetHosts],
])('a %s', (role, users, rare) => {
  const requests = () => users.flatMap((user) => audit.requestsOf(user));

  test('was refused nothing', () => {
    const refused = requests()
      // Where it may, it makes the namespace of its Leases; here it was installed before.
      .filter(({ action }) => action !== 'create namespaces')
      .filter(({ status }) => status === 403 || status === 401);
    expect(refused).toEqual([]);
  });

  test('made use of each of its rights', () => {
    expect(unused(role, requests())).toEqual(rare);
  });

  test('used Leases in its own namespace only', () => {
    const leases = requests().filter(({ action }) => action.includes(' leases.'));
    expect(new Set(leases.map((request) => request.namespace))).toEqual(new Set([SYSTEM_NAMESPACE]));
  });
});
