import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  conditionOf,
  SecretResource,
  WasmCloudActorResource,
  WasmCloudLinkResource,
  type WasmCloudLinkSpec,
  type WasmCloudProvider,
  WasmCloudProviderResource,
  type WasmCloudProviderSpec,
} from '../../lib/api';
import { bench, eventually, type TestHost, untilCondition } from './host-agent-harness';
import { freePort } from './oci/registry';

const lab = bench();
const apiVersion = 'kasmcloud.io/v1alpha1';
let namespace: string;
let host: TestHost;

beforeEach(async () => {
  namespace = await lab.namespace();
  host = await lab.host();
});

const provide = (name: string, spec: Partial<WasmCloudProviderSpec> = {}): Promise<WasmCloudProvider> =>
  lab.client.create(WasmCloudProviderResource, {
    apiVersion,
    kind: 'WasmCloudProvider',
    metadata: { name, namespace },
    spec: { image: 'builtin://http-server', host: host.identity.name, ...spec },
  });
const run = async (name: string): Promise<unknown> =>
  lab.client.create(WasmCloudActorResource, {
    apiVersion,
    kind: 'WasmCloudActor',
    metadata: { name, namespace },
    spec: { image: await lab.component(name), host: host.identity.name },
  });
const link = (
  name: string,
  target: string,
  sourceConfig: WasmCloudLinkSpec['sourceConfig'],
  linkName = name,
): Promise<unknown> =>
  lab.client.create(WasmCloudLinkResource, {
    apiVersion,
    kind: 'WasmCloudLink',
    metadata: { name, namespace },
    spec: {
      source: 'http',
      target,
      name: linkName,
      wit: { namespace: 'wasi', package: 'http', interfaces: ['incoming-handler'] },
      sourceConfig,
    },
  });
const until = (condition: Parameters<typeof untilCondition>[3]): Promise<WasmCloudProvider> =>
  untilCondition(lab.client, WasmCloudProviderResource, { name: 'http', namespace }, condition);

it('serves a local actor at the address of the link, whatever comes first', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await provide('http');
  await until({ status: 'True', reason: 'NoLinks' });
  await link('web', 'hello', { values: { address } });
  const waiting = await until({ status: 'False', reason: 'TargetNotOnHost' });
  expect(conditionOf(waiting, 'Routed')?.message).toBe(
    `link ${namespace}/web: actor ${namespace}/hello does not run on host ${host.identity.name}, nor is known elsewhere`,
  );
  expect((await fetch(`http://${address}/`)).status).toBe(503);
  await run('hello');
  const serving = await until({ status: 'True', reason: 'Serving' });
  expect(serving.status).toMatchObject({ hostName: host.identity.name, endpoints: [address] });
  expect(await (await fetch(`http://${address}/`)).json()).toMatchObject({
    digest: expect.stringMatching(/^sha256:/) as string,
  });
}, 30_000);

it('replaces an actor without failing a request', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await provide('http');
  await link('web', 'hello', { values: { address } });
  await run('hello');
  await until({ status: 'True', reason: 'Serving' });
  const statuses = new Set<number>();
  const digests = new Set<string>();
  let over = false;
  const load = (async () => {
    while (!over) {
      const response = await fetch(`http://${address}/`);
      statuses.add(response.status);
      digests.add(((await response.json()) as { digest: string }).digest);
    }
  })();
  const image = await lab.component('hello-2');
  await lab.client.patch(WasmCloudActorResource, { name: 'hello', namespace }, { spec: { image } });
  await eventually(() => expect(digests.size).toBe(2));
  over = true;
  await load;
  expect([...statuses]).toEqual([200]);
});

it('acts by the older of two links that claim the same, and by the other once it is alone', async () => {
  const [first, second] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  await provide('http');
  await run('hello');
  await link('a', 'hello', { values: { address: first } }, 'web');
  await link('b', 'hello', { values: { address: second } }, 'web');
  // A third link shows that the second was looked at.
  const third = `127.0.0.1:${await freePort()}`;
  await link('c', 'hello', { values: { address: third } });
  const endpoints = async (): Promise<unknown> =>
    (await until({ status: 'True', reason: 'Serving' })).status?.endpoints?.sort();
  await eventually(async () => expect(await endpoints()).toEqual([first, third].sort()));
  await lab.client.delete(WasmCloudLinkResource, { name: 'a', namespace });
  await eventually(async () => expect(await endpoints()).toEqual([second, third].sort()));
  expect((await fetch(`http://${second}/`)).status).toBe(200);
});

it('takes link configuration from a Secret and follows its changes', async () => {
  const [before, after] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const metadata = { name: 'address', namespace };
  const data = (address: string): object => ({ data: { address: Buffer.from(address).toString('base64') } });
  await provide('http');
  await run('hello');
  await link('web', 'hello', { secretFrom: [{ name: 'address' }] });
  await until({ type: 'ConfigResolved', status: 'False', reason: 'ConfigNotFound' });
  await lab.client.create(SecretResource, { apiVersion: 'v1', kind: 'Secret', metadata, ...data(before) });
  expect((await until({ status: 'True', reason: 'Serving' })).status?.endpoints).toEqual([before]);
  await lab.client.patch(SecretResource, metadata, data(after) as never);
  await eventually(async () => expect((await fetch(`http://${after}/`)).status).toBe(200));
  await lab.client.delete(SecretResource, metadata);
  const kept = await until({ type: 'ConfigResolved', status: 'False', reason: 'ConfigDeleted' });
  expect(conditionOf(kept, 'Ready')).toMatchObject({ status: 'True', reason: 'Serving' });
  expect((await fetch(`http://${after}/`)).status).toBe(200);
});

it('serves the other links when one cannot be, and that one when its port is free', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const taken = `127.0.0.1:${(blocker.address() as AddressInfo).port}`;
  const free = `127.0.0.1:${await freePort()}`;
  await provide('http');
  await run('hello');
  await link('good', 'hello', { values: { address: free } });
  await link('taken', 'hello', { values: { address: taken } });
  const failing = await until({ type: 'Healthy', status: 'False', reason: 'AddressInUse' });
  expect(conditionOf(failing, 'Ready')?.message).toContain(taken);
  expect((await fetch(`http://${free}/`)).status).toBe(200);
  blocker.close();
  await until({ status: 'True', reason: 'Serving' });
  expect((await fetch(`http://${taken}/`)).status).toBe(200);
});

it('says what it does not know', async () => {
  await provide('http', { image: 'builtin://teleport' });
  const unknown = await until({ status: 'False', reason: 'UnknownBuiltin' });
  expect(conditionOf(unknown, 'Ready')?.message).toContain('It has builtin://http-server');
  await lab.client.patch(
    WasmCloudProviderResource,
    { name: 'http', namespace },
    { spec: { image: 'registry.example/kv:1', imagePullPolicy: 'Never' } },
  );
  await until({ type: 'ImagePulled', status: 'False', reason: 'ImageNeverPull' });
  await lab.client.patch(
    WasmCloudProviderResource,
    { name: 'http', namespace },
    { spec: { image: 'builtin://http-server' } },
  );
  await until({ status: 'True' });
});

it('stops to listen when it is deleted, and when its host ends', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const refused = (): Promise<void> =>
    eventually(() => expect(fetch(`http://${address}/`)).rejects.toThrow());
  await run('hello');
  await link('web', 'hello', { values: { address } });
  await provide('http');
  await until({ status: 'True', reason: 'Serving' });
  await lab.client.delete(WasmCloudProviderResource, { name: 'http', namespace });
  await refused();
  await provide('http');
  await until({ status: 'True', reason: 'Serving' });
  await host.agent.stop();
  await refused();
  await until({ status: 'False', reason: 'HostShutdown' });
});
