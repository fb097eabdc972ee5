import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  API_VERSION,
  NamespaceResource,
  WasmCloudActorResource,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
} from '../../lib/api';
import type { KubeClient } from '../../lib/kube';
import { choosePort } from '../../lib/local/ports';
import { type ReconcilerHealth, runReconciler } from '../../lib/reconciler/main';
import type { HostProcess } from '../host-process';
import { eventually, testClient } from './cluster';
import { DemandScaler } from './demand-scaler';
import { conditionIs, link, provider } from './lattice-objects';
import { startHost, versions } from './real-hosts';
import { samplesOf } from './scrape';

const namespace = `zero-${process.pid}`;
const stop = new AbortController();
let dir: string;
let client: KubeClient;
let host: HostProcess;
let reconciler: Promise<void>;
let metrics: string;
/** Of links whose calls fail at once, and wait. */
const ports = { hasty: 0, patient: 0 };

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'zero-'));
  client = await testClient();
  const metadata = { name: namespace };
  await client.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata });
  let health: ReconcilerHealth | undefined;
  reconciler = runReconciler({
    connection: client.connection,
    identity: namespace,
    signal: stop.signal,
    onHealth: (given) => (health = given),
  });
  const admin = `127.0.0.1:${await choosePort('port of the metrics', {})}`;
  metrics = `http://${admin}/metrics`;
  const args = [`--admin-address=${admin}`];
  host = await startHost({ client, dir, lattice: namespace, name: namespace, args });
  await eventually('the reconciler is ready', () => health?.ready());
  await populate();
}, 180_000);

afterAll(async () => {
  stop.abort();
  await reconciler;
  await host.stop();
  await client.delete(WasmCloudHostResource, { name: namespace });
  await client.delete(NamespaceResource, { name: namespace });
  client.connection.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Two distributions without instances, of which one calls the other, and an HTTP server that leads to the first. */
async function populate(): Promise<void> {
  for (const [name, source] of [
    ['front', 'front.wat'],
    ['sums', 'callee'],
  ] as const) {
    const [image] = (await versions(dir, name, source, 1)) as [string];
    await client.create(WasmCloudDistributionResource, {
      apiVersion: API_VERSION,
      kind: 'WasmCloudDistribution',
      metadata: { namespace, name },
      spec: { instances: 0, template: { actor: { image } } },
    });
  }
  const patient = { activationTimeoutSeconds: 120 };
  const math = { wit: { namespace: 'acme', package: 'calls', interfaces: ['math'] } };
  const links = [link(namespace, 'front-sums', 'front', 'sums', { ...math, ...patient })];
  for (const name of ['hasty', 'patient'] as const) {
    ports[name] = await choosePort('port of a server', {});
    const sourceConfig = { values: { address: `127.0.0.1:${ports[name]}` } };
    links.push(
      link(namespace, name, 'http', 'front', { name, sourceConfig, ...(name === 'patient' && patient) }),
    );
  }
  for (const each of links) await client.create(WasmCloudLinkResource, each);
  const http = provider(namespace, 'http', { host: namespace });
  await client.create(WasmCloudProviderResource, http);
  for (const each of links) await conditionIs(client, WasmCloudLinkResource, each, 'Ready', 'True Linked');
  await conditionIs(client, WasmCloudProviderResource, http, 'Ready', 'True Serving');
}

const get = (port: number): Promise<Response> => fetch(`http://127.0.0.1:${port}/a`);
const unserved = async (): Promise<number> =>
  (await samplesOf(metrics))('unserved_calls_total', { namespace, component: 'front' });

/** Waits until nothing of the distributions is anywhere. */
function nothingRuns(): Promise<unknown> {
  return eventually('nothing runs', async () => {
    const { items } = await client.list(WasmCloudActorResource, { namespace });
    return items.length === 0;
  });
}

test('a call of what has no instance fails at once and is told of, from a rate of nothing on', async () => {
  const series = `kasmcloud_unserved_calls_total{namespace="${namespace}",component="front",host="${namespace}"} 0`;
  expect(await (await fetch(metrics)).text()).toContain(series);
  const response = await get(ports.hasty);
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await unserved()).toBe(1);
});

test('a call that waits brings back what an autoscaler has scaled to nothing, and what that calls, again and again', async () => {
  const scaler = new DemandScaler(metrics, namespace, ['front', 'sums']);
  try {
    for (const round of [1, 2]) {
      const response = await get(ports.patient);
      expect([response.status, await response.text()]).toEqual([200, '42']);
      // Now that it runs nobody has to wait.
      expect((await get(ports.hasty)).status).toBe(200);
      await eventually('it is scaled to nothing', () => scaler.done.length === 4 * round);
      await nothingRuns();
    }
    expect(scaler.done.slice(0, 2)).toEqual(['front 1', 'sums 1']);
    expect(scaler.done.slice(2, 4).sort()).toEqual(['front 0', 'sums 0']);
    expect(await unserved()).toBe(3);
  } finally {
    await scaler.stop();
  }
});
