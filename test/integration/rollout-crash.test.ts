import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  API_VERSION,
  type ControllerRevision,
  ControllerRevisionResource,
  type DistributionTemplate,
  EventResource,
  LeaseResource,
  NamespaceResource,
  SYSTEM_NAMESPACE,
  type WasmCloudActor,
  WasmCloudActorResource,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  type WasmCloudDistributionSpec,
  WasmCloudHostResource,
  WasmCloudLinkResource,
  type WasmCloudProvider,
  WasmCloudProviderResource,
  conditionOf,
  isReady,
  leaderLeaseName,
} from '../../lib/api';
import { sleep } from '../../lib/base/sleep';
import { machineTarget } from '../../lib/host/processes/programs';
import { type KubeClient, Reflector } from '../../lib/kube';
import type { LatticeConnection } from '../../lib/lattice';
import { reconcilerUser } from '../../lib/local/control-plane';
import { writeKubeconfig } from '../../lib/local/kubeconfig';
import { Pki } from '../../lib/local/pki';
import { choosePort } from '../../lib/local/ports';
import { type Provider, connect as join, interfaces } from '../../lib/provider';
import { bundle } from '../bundle';
import type { HostProcess } from '../host-process';
import { archive } from '../provider-archive';
import { ReconcilerProcess } from '../reconciler-process';
import { testClient } from './cluster';
import { eventually } from './host-agent-harness';
import { connect } from './lattice';
import { link } from './lattice-objects';
import { Load } from './load';
import { startHost, versions } from './real-hosts';

// Two reconcilers, of which the leader is killed in the midst of rollouts that real hosts carry out under load.

const namespace = `crash-${process.pid}`;
const names = ['a', 'b'].map((name) => `${namespace}-${name}`);
const crashes = 3;
const types = ['RollingUpdate', 'Canary', 'BlueGreen', 'Recreate'];

let dir: string;
let client: KubeClient;
let connection: LatticeConnection;
let caller: Provider;
let hosts: HostProcess[] = [];
let reconcilers: ReconcilerProcess[] = [];
let kubeconfig: string;
let port: number;
let images: string[];
let greeters: string[];
let seen: Reflector<WasmCloudActor>;
/** The uids that each name of an actor has had. */
const uids = new Map<string, Set<string>>();

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'rollout-crash-'));
  [client, connection] = await Promise.all([testClient(), connect()]);
  const metadata = { name: namespace };
  await client.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata });
  images = await versions(dir, 'front', 'front.wat');
  greeters = await Promise.all(['1', '2'].map(greeter));
  kubeconfig = path.join(dir, 'reconciler.kubeconfig');
  const pki = new Pki(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'pki'));
  const { origin } = client.connection.server;
  writeKubeconfig(kubeconfig, {
    server: origin,
    ca: pki.ca,
    client: pki.client(reconcilerUser),
    context: 'reconciler',
  });
  const start = (name: string): Promise<HostProcess> => startHost({ client, dir, lattice: namespace, name });
  hosts = await Promise.all(names.map(start));
  reconcilers = [await ReconcilerProcess.start(kubeconfig), await ReconcilerProcess.start(kubeconfig)];
  caller = await join({ nats: connection.nats, lattice: namespace, id: 'test' });
  seen = new Reflector(client, WasmCloudActorResource, { namespace });
  seen.subscribe(({ object: { metadata } }) => {
    const known = uids.get(metadata.name) ?? new Set();
    uids.set(metadata.name, known.add(metadata.uid ?? ''));
  });
  seen.start();
  port = await choosePort('port of the server', {});
  await create('front', { template: frontOf(1), instances: 8 });
  await create('http', {
    template: { provider: { image: 'builtin://http-server', config: { values: { revision: '1' } } } },
  });
  const sourceConfig = { values: { address: `127.0.0.1:${port}` } };
  await client.create(WasmCloudLinkResource, link(namespace, 'http', 'http', 'front', { sourceConfig }));
  await rolledOut('front');
  await rolledOut('http');
  await eventually(async () => expect(await get()).toBe('1'), 30_000);
}, 240_000);

afterAll(async () => {
  await seen?.stop();
  await caller?.close();
  await Promise.all(reconcilers.map((one) => one.end('SIGTERM')));
  await Promise.all(hosts.map((host) => host.stop()));
  for (const name of names) await client.delete(WasmCloudHostResource, { name });
  await client.delete(NamespaceResource, { name: namespace });
  await connection?.close();
  client?.connection.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A provider archive; what tells its versions apart is a comment. */
async function greeter(version: string): Promise<string> {
  const source = readFileSync(bundle(path.join(__dirname, 'providers/greeter.ts')), 'utf8');
  const program = Buffer.from(`#!${process.execPath}\n${source}\n// ${version}\n`);
  const file = path.join(dir, `greeter${version}.par`);
  writeFileSync(file, await archive({ [machineTarget]: program }));
  return `file://${file}`;
}

/** A template of which the calls tell the number. */
function frontOf(version: number): DistributionTemplate {
  return { actor: { image: images[version % 2]!, config: { values: { greeting: String(version) } } } };
}

function create(name: string, spec: WasmCloudDistributionSpec): Promise<WasmCloudDistribution> {
  const metadata = { namespace, name };
  const kind = 'WasmCloudDistribution';
  return client.create(WasmCloudDistributionResource, { apiVersion: API_VERSION, kind, metadata, spec });
}

const read = (name: string): Promise<WasmCloudDistribution> =>
  client.get(WasmCloudDistributionResource, { namespace, name });
const change = (name: string, spec: object): Promise<WasmCloudDistribution> =>
  client.patch(WasmCloudDistributionResource, { namespace, name }, { spec });
const labelled = (name: string): { namespace: string; labelSelector: string } => ({
  namespace,
  labelSelector: `kasmcloud.io/distribution=${name}`,
});
const actorsOf = async (name: string): Promise<WasmCloudActor[]> =>
  (await client.list(WasmCloudActorResource, labelled(name))).items;
const providersOf = async (name: string): Promise<WasmCloudProvider[]> =>
  (await client.list(WasmCloudProviderResource, labelled(name))).items;
const historyOf = async (name: string): Promise<ControllerRevision[]> =>
  (await client.list(ControllerRevisionResource, labelled(name))).items;

async function get(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/g`);
  const text = await response.text();
  return response.status === 200 ? text : `${response.status} ${text}`;
}

async function rolledOut(name: string): Promise<void> {
  await eventually(async () => {
    const distribution = await read(name);
    const { metadata, spec, status } = distribution;
    expect(status).toMatchObject({
      observedGeneration: metadata.generation,
      currentRevision: status?.updateRevision,
      instances: spec.instances ?? 1,
      updatedInstances: spec.instances ?? 1,
      availableInstances: spec.instances ?? 1,
    });
    expect(isReady(distribution)).toBe(true);
  }, 90_000);
}

/** Kills the leader, and lets the other lead at once instead of after its Lease; a new one stands by. */
async function crash(): Promise<void> {
  const leader = await eventually(async () => {
    const leads = await Promise.all(reconcilers.map((one) => one.leads()));
    expect(leads).toContain(true);
    return reconcilers[leads.indexOf(true)]!;
  }, 60_000);
  await leader.end('SIGKILL');
  await client.delete(LeaseResource, {
    namespace: SYSTEM_NAMESPACE,
    name: leaderLeaseName('reconciler'),
  });
  reconcilers = reconcilers.filter((one) => one !== leader);
  reconcilers.push(await ReconcilerProcess.start(kubeconfig));
}

/** Waits until so many changes of actors were seen, each a moment at which who makes them may die; or until there are no more. */
async function afterChanges(count: number): Promise<void> {
  let left = count;
  const end = seen.subscribe(() => left--);
  const deadline = Date.now() + 3_000;
  while (left > 0 && Date.now() < deadline) await sleep(5);
  end();
}

describe.each<[string, WasmCloudDistributionSpec['strategy'], boolean]>([
  ['RollingUpdate', { type: 'RollingUpdate' }, true],
  ['Canary', { type: 'Canary', canary: { steps: [{ weight: 25, pauseSeconds: 1 }, { weight: 50 }] } }, true],
  ['BlueGreen', { type: 'BlueGreen' }, true],
  ['Recreate', { type: 'Recreate' }, false],
])('%s', (type, strategy, seamless) => {
  const version = types.indexOf(type) + 2;

  it('goes on where a killed reconciler has left it, and does nothing twice', async () => {
    const before = await historyOf('front');
    uids.clear();
    const load = new Load({
      'a call over HTTP': async () => expect(await get()).toMatch(seamless ? /^\d$/ : /^(\d|5\d\d .*)$/s),
    });
    await change('front', { template: frontOf(version), strategy: { canary: null, ...strategy } });
    for (let i = 0; i < crashes; i++) {
      await afterChanges(1 + i * 3);
      await crash();
    }
    await rolledOut('front');
    await eventually(async () => {
      const answers = new Set(await Promise.all(Array.from({ length: 20 }, get)));
      expect([...answers]).toEqual([String(version)]);
    }, 30_000);
    expect(await load.stop()).toEqual([]);

    const now = await actorsOf('front');
    expect(now.map(({ spec }) => [spec.host, spec.instances]).sort()).toEqual(names.map((name) => [name, 4]));
    // Of each revision on each host there was one object, however many reconcilers have made it.
    expect([...uids.values()].map(({ size }) => size)).toEqual([...uids].map(() => 1));
    const history = await historyOf('front');
    expect(history.map(({ revision }) => revision).sort()).toEqual(
      [...before.map(({ revision }) => revision), before.length + 1].sort(),
    );
    const { items } = await client.list(EventResource, { namespace });
    const notes = items.filter(({ reason }) => reason === 'RolledOut').map(({ note }) => note);
    expect(notes).toHaveLength(new Set(notes).size);
  }, 180_000);
});

describe('by hand, in the midst of a rollout', () => {
  /** Lets a canary of a version wait at its first step. */
  async function halfWay(version: number): Promise<void> {
    const canary = { steps: [{ weight: 25, pauseSeconds: 600 }] };
    await change('front', { template: frontOf(version), strategy: { type: 'Canary', canary } });
    await eventually(async () => {
      expect(conditionOf(await read('front'), 'Progressing')?.reason).toBe('CanaryWaits');
    }, 60_000);
  }
  const goOn = (): Promise<unknown> => change('front', { strategy: { type: 'RollingUpdate', canary: null } });
  const answersOnly = (version: number): Promise<void> =>
    eventually(async () => {
      const answers = new Set(await Promise.all(Array.from({ length: 20 }, get)));
      expect([...answers]).toEqual([String(version)]);
    }, 30_000);

  it('actors that are deleted or edited are as they were, a revision that is deleted holds nothing up', async () => {
    await halfWay(6);
    const { currentRevision = '', updateRevision = '' } = (await read('front')).status ?? {};
    // A canary that does not start, by whoever's hand, is given up: those before it are meddled with.
    const isBefore = ({ metadata }: WasmCloudActor): boolean => metadata.name.startsWith(currentRevision);
    const all = await actorsOf('front');
    const [first, second, ...others] = [...all.filter(isBefore), ...all.filter((one) => !isBefore(one))];
    await client.delete(WasmCloudActorResource, first!.metadata);
    const edited = { spec: { image: 'file:///nowhere/edited.wasm', instances: 70 } };
    await client.patch(WasmCloudActorResource, second!.metadata, edited);
    await eventually(async () => {
      const now = await actorsOf('front');
      expect(now).toHaveLength(others.length + 2);
      for (const { metadata, spec, status } of now) {
        expect(images).toContain(spec.image);
        expect(spec.instances).toBeLessThan(10);
        expect([metadata.name, status?.readyInstances]).toEqual([metadata.name, spec.instances]);
      }
    }, 60_000);
    await client.delete(ControllerRevisionResource, { namespace, name: currentRevision });
    await client.delete(ControllerRevisionResource, { namespace, name: updateRevision });
    await goOn();
    await rolledOut('front');
    await answersOnly(6);
    expect((await historyOf('front')).map(({ metadata }) => metadata.name)).toContain(updateRevision);
  }, 180_000);

  it('a distribution that is deleted without what it owns, and made again, takes all of it back', async () => {
    // A garbage collector that has not met the kinds yet, as in a young cluster, would not orphan but delete.
    await create('probe', { template: frontOf(1) });
    await eventually(async () => expect(await actorsOf('probe')).toHaveLength(1));
    await client.delete(WasmCloudDistributionResource, { namespace, name: 'probe' });
    await eventually(async () => expect(await actorsOf('probe')).toEqual([]), 90_000);
    await halfWay(7);
    const { spec } = await read('front');
    const before = await actorsOf('front');
    const key = { namespace, name: 'front' };
    await client.delete(WasmCloudDistributionResource, key, { propagationPolicy: 'Orphan' });
    await eventually(async () => {
      expect(await client.find(WasmCloudDistributionResource, key)).toBeUndefined();
      for (const { metadata } of await actorsOf('front')) expect(metadata.ownerReferences ?? []).toEqual([]);
    }, 60_000);
    expect((await actorsOf('front')).map(({ metadata }) => metadata.uid)).toEqual(
      before.map(({ metadata }) => metadata.uid),
    );
    expect(await get()).toMatch(/^\d$/);
    const history = await historyOf('front');
    await create('front', spec);
    await rolledOut('front');
    await answersOnly(7);
    expect(await actorsOf('front')).toHaveLength(2);
    const number = ({ metadata, revision }: ControllerRevision): unknown => [metadata.name, revision];
    expect((await historyOf('front')).map(number)).toEqual(history.map(number));
  }, 180_000);

  it('a distribution that is deleted after what it owns makes nothing anew', async () => {
    await halfWay(8);
    uids.clear();
    const key = { namespace, name: 'front' };
    await client.delete(WasmCloudDistributionResource, key, { propagationPolicy: 'Foreground' });
    await eventually(async () => {
      expect(await client.find(WasmCloudDistributionResource, key)).toBeUndefined();
      expect(await actorsOf('front')).toEqual([]);
      expect(await historyOf('front')).toEqual([]);
    }, 60_000);
    expect([...uids.values()].map(({ size }) => size)).toEqual([...uids].map(() => 1));
    await create('front', { template: frontOf(9), instances: 2 });
    await rolledOut('front');
  }, 180_000);
});

describe('providers that are processes', () => {
  /** The processes that answer. */
  async function pids(): Promise<number[]> {
    const found = new Set<number>();
    for (let i = 0; i < 20; i++) found.add(await pid());
    return [...found].sort();
  }
  const pid = async (): Promise<number> => {
    const given = { deadlineMs: 5_000 };
    const answer = await caller.call('greeter', interfaces.keyvalue.store, 'get', ['', 'pid'], given);
    return JSON.parse(Buffer.from(answer!).toString()) as number;
  };
  const templateOf = (image: string): DistributionTemplate => ({ provider: { image } });

  it('of an archive run on each host, and are replaced without failing a call', async () => {
    await create('greeter', { template: templateOf(greeters[0]!), instances: 2 });
    await rolledOut('greeter');
    const before = await eventually(async () => {
      const found = await pids();
      expect(found).toHaveLength(2);
      return found;
    }, 30_000);
    const load = new Load({ 'a call over NATS': async () => expect(await pid()).toBeGreaterThan(0) });
    await change('greeter', { template: templateOf(greeters[1]!) });
    await rolledOut('greeter');
    await eventually(async () => {
      const now = await pids();
      expect(now).toHaveLength(2);
      for (const one of before) expect(now).not.toContain(one);
    }, 30_000);
    expect(await load.stop()).toEqual([]);
    expect((await providersOf('greeter')).map(({ spec }) => spec.host).sort()).toEqual(names);
  }, 180_000);

  it('are replaced with Recreate too, and built in ones', async () => {
    const before = await pids();
    await change('greeter', { template: templateOf(greeters[0]!), strategy: { type: 'Recreate' } });
    await rolledOut('greeter');
    await eventually(async () => {
      const now = await pids();
      expect(now).toHaveLength(2);
      for (const one of before) expect(now).not.toContain(one);
    }, 30_000);
    for (const one of before) expect(() => process.kill(one, 0)).toThrow('ESRCH');

    const config = { values: { revision: '2' } };
    await change('http', { template: { provider: { config } }, strategy: { type: 'Recreate' } });
    await rolledOut('http');
    await eventually(async () => expect(await get()).toMatch(/^\d$/), 30_000);
  }, 180_000);
});
