import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  API_VERSION,
  EventResource,
  NamespaceResource,
  WasmCloudActorResource,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
  conditionOf,
  isReady,
} from '../../lib/api';
import type { KubeClient } from '../../lib/kube';
import { choosePort } from '../../lib/local/ports';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import type { HostProcess } from '../host-process';
import { asReconciler, testClient } from './cluster';
import { eventually } from './host-agent-harness';
import { actor, link, provider } from './lattice-objects';
import { Load } from './load';
import { startHost, versions } from './real-hosts';
import { TcpProxy } from './tcp-proxy';

/** Many times as long as a Lease lasts: the API server refuses connections first, then it is silent. */
const refusesMs = 120_000;
const silentMs = 65_000;

const namespace = `outage-${process.pid}`;
const names = ['a', 'b', 'c'].map((letter) => `${namespace}-${letter}`) as [string, string, string];
const [a, b, c] = names;
const ports = { near: 0, far: 0, spread: 0 };
const stop = new AbortController();

let dir: string;
let client: KubeClient;
let api: TcpProxy;
let hosts: HostProcess[] = [];
let reconciler: Promise<void>;

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'long-outage-'));
  client = await testClient();
  api = await TcpProxy.start(client.connection.server);
  const metadata = { name: namespace };
  await client.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata });
  // All that talk to the API server lose it together.
  let health: ReconcilerHealth | undefined;
  reconciler = runReconciler({
    connection: asReconciler(api.through(client.connection)),
    identity: namespace,
    signal: stop.signal,
    onHealth: (given) => (health = given),
  });
  const common = { client, dir, lattice: namespace, apiPort: api.port };
  hosts = await Promise.all(names.map((name) => startHost({ ...common, name })));
  await eventually(() => expect(health?.ready()).toBe(true));
  await populate();
}, 240_000);
afterAll(async () => {
  api.thaw();
  api.refuse(false);
  stop.abort();
  await reconciler;
  await Promise.all(hosts.map((host) => host.stop()));
  for (const name of names) await client.delete(WasmCloudHostResource, { name });
  await client.delete(NamespaceResource, { name: namespace });
  await api.stop();
  client.connection.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A server on the first host, and what it leads to: there, on the second host, and on all of them. */
async function populate(): Promise<void> {
  const [[near], [far], [spread], [sums]] = await Promise.all([
    versions(dir, 'near', 'lab.wat', 1),
    versions(dir, 'far', 'lab.wat', 1),
    versions(dir, 'spread', 'front.wat', 1),
    versions(dir, 'sums', 'callee', 1),
  ]);
  for (const name of [a, b]) {
    const spec = { labels: { [`only-${name === a ? 'a' : 'b'}`]: 'true' } };
    // A host is ready a moment before it is registered.
    await eventually(() => client.patch(WasmCloudHostResource, { name }, { spec }));
  }
  const on = (which: string) => ({ hostSelector: { matchLabels: { [`only-${which}`]: 'true' } } });
  // Bound by the reconciler, which might think of moving them.
  const actors = [
    actor(namespace, 'near', { image: near!, instances: 20, ...on('a') }),
    actor(namespace, 'far', { image: far!, instances: 20, ...on('b') }),
    actor(namespace, 'spread', { image: spread!, instances: 20, ...on('a') }),
  ];
  for (const each of actors) await client.create(WasmCloudActorResource, each);
  await client.create<WasmCloudDistribution>(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: { namespace, name: 'sums' },
    spec: { instances: 30, template: { actor: { image: sums! } } },
  });
  const math = { wit: { namespace: 'acme', package: 'calls', interfaces: ['math'] } };
  await client.create(WasmCloudLinkResource, link(namespace, 'spread-sums', 'spread', 'sums', math));
  await client.create(WasmCloudProviderResource, provider(namespace, 'http', { host: a }));
  for (const target of ['near', 'far', 'spread'] as const) {
    ports[target] = await choosePort('port of a server', {});
    const sourceConfig = { values: { address: `127.0.0.1:${ports[target]}` } };
    await client.create(
      WasmCloudLinkResource,
      link(namespace, `http-${target}`, 'http', target, { name: target, sourceConfig }),
    );
  }
  await eventually(async () => {
    for (const { metadata } of actors)
      expect(isReady(await client.get(WasmCloudActorResource, metadata))).toBe(true);
    const sums = { namespace, name: 'sums' };
    expect(isReady(await client.get(WasmCloudDistributionResource, sums))).toBe(true);
  }, 120_000);
  for (const [target, route] of [
    ['near', 'c'],
    ['far', 'c'],
    ['spread', 'a'],
  ] as const)
    await eventually(() => serves(target, route), 30_000);
}

async function serves(target: keyof typeof ports, route: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${ports[target]}/${route}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  await pause(20);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Where each actor is, and which object it is. */
async function places(): Promise<Record<string, string>> {
  const { items } = await client.list(WasmCloudActorResource, { namespace });
  return Object.fromEntries(
    items.map(({ metadata, spec }) => [metadata.name, `${metadata.uid} on ${spec.host}`]),
  );
}

/** What the hosts that live have started so far. */
function starts(): string[] {
  return hosts
    .slice(0, 2)
    .flatMap(({ log }) => log.split('\n').filter((line) => /"Started actor"|"Runs provider"/.test(line)))
    .map((line) => {
      const { host, actor, provider } = JSON.parse(line) as Record<string, string>;
      return [host, actor ?? provider].join(' ');
    });
}

it('hosts serve on for minutes without the API server; when it is back only what was on a host that was lost has moved', async () => {
  const [placesBefore, startsBefore] = [await places(), starts()];
  const [local, remote, shared] = [
    new Load({ 'HTTP to an actor here': () => serves('near', 'c') }),
    new Load({ 'HTTP to an actor elsewhere': () => serves('far', 'c') }),
    new Load({ 'HTTP to an actor that calls replicas': () => serves('spread', 'a') }),
  ];
  api.refuse(true);
  api.cut();
  await pause(refusesMs / 2);
  await hosts[2]!.stop('SIGKILL');
  await pause(refusesMs / 2);
  api.freeze();
  api.refuse(false);
  await pause(silentMs);
  expect(starts()).toEqual(startsBefore);
  api.thaw();
  api.cut();

  await untilLost();
  await eventually(async () => {
    const key = { namespace, name: 'sums' };
    const { spec, status } = await client.get(WasmCloudDistributionResource, key);
    expect(status).toMatchObject({ availableInstances: spec.instances, instances: spec.instances });
  }, 120_000);
  expect(await local.stop()).toEqual([]);
  expect(await remote.stop()).toEqual([]);
  // Only what the killed host was about to answer is lost.
  expect((await shared.stop()).length).toBeLessThanOrEqual(shared.width);

  const stayed = Object.entries(placesBefore).filter(([, place]) => !place.endsWith(` on ${c}`));
  expect(stayed).toHaveLength(5);
  expect(await places()).toMatchObject(Object.fromEntries(stayed));
  expect(starts()).toEqual(startsBefore);
  for (const name of [a, b]) expect(isReady(await client.get(WasmCloudHostResource, { name }))).toBe(true);
  await eventually(async () => {
    const objects = await Promise.all([
      client.list(WasmCloudActorResource, { namespace }),
      client.list(WasmCloudProviderResource, { namespace }),
      client.list(WasmCloudLinkResource, { namespace }),
    ]);
    const unready = objects.flatMap(({ items }) => items.filter((object) => !isReady(object)));
    expect(unready.map(({ metadata, status }) => [metadata.name, status?.conditions])).toEqual([]);
  }, 60_000);
}, 400_000);

/** The one host that did not come back is declared lost, and no other. */
async function untilLost(): Promise<void> {
  await eventually(async () => {
    const host = await client.get(WasmCloudHostResource, { name: c });
    expect(conditionOf(host, 'Ready')).toMatchObject({ status: 'Unknown', reason: 'LeaseExpired' });
  }, 120_000);
  await eventually(async () => {
    const { items } = await client.list(EventResource, { namespace: 'default' });
    const lost = items.filter(({ reason }) => reason === 'HostLost').map(({ regarding }) => regarding?.name);
    expect(names.filter((name) => lost.includes(name))).toEqual([c]);
  });
}
