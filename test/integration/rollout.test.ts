import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  API_VERSION,
  type DistributionTemplate,
  EventResource,
  NamespaceResource,
  type WasmCloudActor,
  WasmCloudActorResource,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  type WasmCloudDistributionSpec,
  WasmCloudHostResource,
  WasmCloudLinkResource,
  conditionOf,
} from '../../lib/api';
import type { KubeClient } from '../../lib/kube';
import type { LatticeConnection } from '../../lib/lattice';
import { choosePort } from '../../lib/local/ports';
import { connect as join, type Provider, wit } from '../../lib/provider';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import type { HostProcess } from '../host-process';
import { testClient } from './cluster';
import { eventually } from './host-agent-harness';
import { connect } from './lattice';
import { link } from './lattice-objects';
import { Load } from './load';
import { startHost, versions } from './real-hosts';

const namespace = `rollout-${process.pid}`;
const [edge, inner] = [`${namespace}-edge`, `${namespace}-inner`];
const stop = new AbortController();

let dir: string;
let client: KubeClient;
let connection: LatticeConnection;
let hosts: HostProcess[] = [];
let caller: Provider;
let reconciler: Promise<void>;
let port: number;
let front: string[];
let sums: string[];
/** An image that traps on the path `/t`. */
let faulty: string;
let load: Load;

const math = wit.iface('acme:calls/math@1.0.0', {
  add: wit.func(
    [
      ['a', wit.u32],
      ['b', wit.u32],
    ],
    wit.u32,
  ),
});

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'rollout-'));
  [client, connection] = await Promise.all([testClient(), connect()]);
  await client.create(NamespaceResource, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  [front, sums] = [await versions(dir, 'front', 'front.wat'), await versions(dir, 'sums', 'callee')];
  [faulty] = (await versions(dir, 'faulty', 'lab.wat', 1)) as [string];
  let health: ReconcilerHealth | undefined;
  reconciler = runReconciler({
    connection: client.connection,
    identity: namespace,
    signal: stop.signal,
    onHealth: (given) => (health = given),
  });
  hosts = await Promise.all(
    [edge, inner].map((name) => startHost({ client, dir, lattice: namespace, name })),
  );
  const labelled = { spec: { labels: { edge: 'yes' } } };
  await eventually(() => client.patch(WasmCloudHostResource, { name: edge }, labelled));
  await eventually(() => expect(health?.ready()).toBe(true), 30_000);
  caller = await join({ nats: connection.nats, lattice: namespace, id: 'test' });
  port = await choosePort('port of the server', {});
  await populate();
}, 180_000);

beforeEach(() => {
  const remote = caller.target('sums', math);
  load = new Load({
    'HTTP to an actor that calls another': async () => expect(await get('a')).toBe('42'),
    'a call over NATS': async () => expect(await remote.add(1, 2)).toBe(3),
  });
});
afterEach(() => load.stop());

afterAll(async () => {
  await caller?.close();
  stop.abort();
  await reconciler;
  await Promise.all(hosts.map((host) => host.stop()));
  for (const name of [edge, inner]) await client.delete(WasmCloudHostResource, { name });
  await client.delete(NamespaceResource, { name: namespace });
  await connection.close();
  client.connection.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Two distributions over both hosts, of which one calls the other, and an HTTP server on the edge that leads to the first. */
async function populate(): Promise<void> {
  // More than are busy at a time, so that calls go by shares.
  await create('front', { template: frontOf('1'), instances: 40 });
  await create('sums', { template: { actor: { image: sums[0]! } }, instances: 8 });
  await create('http', {
    template: { provider: { image: 'builtin://http-server' } },
    spread: [{ name: 'edge', selector: { matchLabels: { edge: 'yes' } } }],
  });
  const wasi = { wit: { namespace: 'acme', package: 'calls', interfaces: ['math'] } };
  await client.create(WasmCloudLinkResource, link(namespace, 'front-sums', 'front', 'sums', wasi));
  const sourceConfig = { values: { address: `127.0.0.1:${port}` } };
  await client.create(
    WasmCloudLinkResource,
    link(namespace, 'http-front', 'http', 'front', { sourceConfig }),
  );
  for (const name of ['front', 'sums', 'http']) await rolledOut(name);
  await eventually(async () => expect(await get('a')).toBe('42'), 30_000);
  await eventually(async () => expect(await caller.target('sums', math).add(1, 2)).toBe(3));
}

function create(name: string, spec: WasmCloudDistributionSpec): Promise<WasmCloudDistribution> {
  return client.create(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: { namespace, name },
    spec,
  });
}

/** A template of which the calls tell the version. */
function frontOf(version: string, image = front[Number(version) % 2]!): DistributionTemplate {
  return { actor: { image, config: { values: { greeting: version } } } };
}

const read = (name: string): Promise<WasmCloudDistribution> =>
  client.get(WasmCloudDistributionResource, { namespace, name });
const change = (name: string, spec: object): Promise<WasmCloudDistribution> =>
  client.patch(WasmCloudDistributionResource, { namespace, name }, { spec });

async function get(route: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/${route}`);
  const text = await response.text();
  return response.status === 200 ? text : `${response.status} ${text}`;
}

/** Asks so many times for the version, and counts the answers. */
async function answers(count: number): Promise<Record<string, number>> {
  const tally: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const version = await get('g');
    tally[version] = (tally[version] ?? 0) + 1;
  }
  return tally;
}

/** Waits until no other version answers: a connection that is open may bring one more call to the one before. */
async function allAnswer(version: string): Promise<void> {
  await eventually(async () => expect(await answers(20)).toEqual({ [version]: 20 }));
}

/** Waits until all of a distribution is of its present template. */
async function rolledOut(name: string): Promise<void> {
  await eventually(async () => {
    const { metadata, spec, status } = await read(name);
    expect(status).toMatchObject({
      observedGeneration: metadata.generation,
      currentRevision: status?.updateRevision,
      instances: spec.instances,
      updatedInstances: spec.instances,
      availableInstances: spec.instances,
    });
  }, 60_000);
}

async function progressing(name: string, reason: string): Promise<WasmCloudDistribution> {
  return eventually(async () => {
    const distribution = await read(name);
    expect(conditionOf(distribution, 'Progressing')?.reason).toBe(reason);
    return distribution;
  }, 60_000);
}

async function actors(name: string): Promise<WasmCloudActor[]> {
  const labelSelector = `kasmcloud.io/distribution=${name}`;
  return (await client.list(WasmCloudActorResource, { namespace, labelSelector })).items;
}

async function expectNoFailures(): Promise<void> {
  // The last of the old may still be on its way out.
  await load.until(load.calls + 100);
  expect(await load.stop()).toEqual([]);
}

it('rolls step by step without failing a call', async () => {
  await Promise.all([
    change('front', { template: frontOf('2') }),
    change('sums', { template: { actor: { image: sums[1] } } }),
  ]);
  await Promise.all([rolledOut('front'), rolledOut('sums')]);
  await allAnswer('2');
  await expectNoFailures();
});

it('gives a canary its share of the calls, step by step, without failing one', async () => {
  const canary = (pauseSeconds: number): object => ({
    type: 'Canary',
    canary: { steps: [{ weight: 25, pauseSeconds }, { weight: 50 }] },
  });
  await change('front', { template: frontOf('3'), strategy: canary(600) });
  await progressing('front', 'CanaryWaits');
  const tally = await answers(80);
  expect(Object.keys(tally)).toEqual(['2', '3']);
  // A quarter, as far as the other calls leave it.
  expect(tally['3']).toBeGreaterThan(5);
  expect(tally['3']).toBeLessThan(40);
  await change('front', { strategy: canary(0) });
  await rolledOut('front');
  await allAnswer('3');
  await expectNoFailures();
});

it('switches from blue to green when all of green is there, and not while it is held', async () => {
  const blueGreen = { type: 'BlueGreen', canary: null };
  await change('front', { template: frontOf('4'), strategy: blueGreen, minReadySeconds: 10 });
  const green = async (): Promise<WasmCloudActor[]> =>
    (await actors('front')).filter(({ spec }) => spec.config?.values?.['greeting'] === '4');
  await eventually(async () => expect(await green()).toHaveLength(2));
  await change('front', { paused: true, minReadySeconds: 0 });
  await progressing('front', 'Paused');
  await eventually(async () =>
    expect((await green()).map((actor) => conditionOf(actor, 'Ready')?.reason)).toEqual([
      'Standby',
      'Standby',
    ]),
  );
  expect(await answers(20)).toEqual({ 3: 20 });
  await change('front', { paused: false });
  await rolledOut('front');
  await allAnswer('4');
  await expectNoFailures();
});

it('goes back by itself from an image that does not start, and the old serves all the time', async () => {
  await change('front', {
    template: frontOf('5', 'file:///nowhere/front.wasm'),
    strategy: { type: 'RollingUpdate', canary: null },
    progressDeadlineSeconds: 3,
    autoRollback: true,
  });
  await eventually(async () => {
    const { spec } = await read('front');
    expect(spec.template.actor?.config?.values?.['greeting']).toBe('4');
  }, 30_000);
  await rolledOut('front');
  await allAnswer('4');
  expect((await actors('front')).every(({ spec }) => spec.config?.values?.['greeting'] === '4')).toBe(true);
  await expectNoFailures();
});

it('gives up a canary of which calls fail, and the old takes them all again', async () => {
  await load.stop();
  const canary = {
    steps: [{ weight: 25, pauseSeconds: 600 }],
    analysis: { minErrors: 4, windowSeconds: 60 },
  };
  await change('front', {
    // Traps where the other answers.
    template: frontOf('6', faulty),
    strategy: { type: 'Canary', canary },
    progressDeadlineSeconds: 600,
  });
  const seen = new Set<string>();
  await eventually(async () => {
    seen.add(await get('t'));
    expect((await read('front')).spec.template.actor?.config?.values?.['greeting']).toBe('4');
  }, 60_000);
  expect([...seen].some((answer) => answer.startsWith('50'))).toBe(true);
  await rolledOut('front');
  await allAnswer('4');
  const event = (await client.list(EventResource, { namespace })).items.find(({ note }) =>
    /within 60 s failed: [1-9].* not answered/.test(note ?? ''),
  );
  expect(event).toMatchObject({ reason: 'RolledBack', type: 'Warning' });
});

it('gives up a canary that answers with status 500, while both serve all the rest', async () => {
  await change('front', { template: frontOf('x', front[0]) });
  const seen = new Set<string>();
  await eventually(async () => {
    // As many as the load makes, so that it is more than a share that may fail.
    for (const answer of await Promise.all(Array.from({ length: 8 }, () => get('x')))) seen.add(answer);
    expect((await read('front')).spec.template.actor?.config?.values?.['greeting']).toBe('4');
  }, 60_000);
  expect([...seen].sort()).toEqual(['4', '500 x']);
  await rolledOut('front');
  const event = (await client.list(EventResource, { namespace })).items.find(
    ({ note }) => note?.includes('HTTP status of 500 or more') === true,
  );
  expect(event).toMatchObject({ reason: 'RolledBack', type: 'Warning' });
  await expectNoFailures();
});

it('rolls back to a revision that is asked for, and a provider in place, without failing a call', async () => {
  await change('front', { rollbackTo: { revision: 1 }, strategy: { type: 'RollingUpdate', canary: null } });
  await eventually(async () => expect((await read('front')).spec.rollbackTo).toBeUndefined());
  await rolledOut('front');
  await allAnswer('1');
  await change('http', { template: { provider: { config: { values: { restarted: 'yes' } } } } });
  await rolledOut('http');
  await expectNoFailures();
});
