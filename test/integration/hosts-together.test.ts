import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  ConfigMapResource,
  NamespaceResource,
  WasmCloudActorResource,
  WasmCloudHostResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
  conditionOf,
} from '../../lib/api';
import type { KubeClient } from '../../lib/kube';
import type { LatticeConnection } from '../../lib/lattice';
import { choosePort } from '../../lib/local/ports';
import { connect as join, type Provider, wit } from '../../lib/provider';
import { cases } from '../host/conformance/cases';
import { conformant } from '../host/conformance/components';
import { expectEchoes, over } from '../host/conformance/echoes';
import type { HostProcess } from '../host-process';
import { configMap, testClient } from './cluster';
import { eventually, untilCondition } from './host-agent-harness';
import { connect, natsOptions } from './lattice';
import { actor, link, provider } from './lattice-objects';
import { Load } from './load';
import { startHost, versions } from './real-hosts';
import { TcpProxy } from './tcp-proxy';

const namespace = `together-${process.pid}`;
const names = ['a', 'b', 'c'].map((letter) => `${namespace}-${letter}`) as [string, string, string];
const [a, b, c] = names;
/** Ports of the HTTP server of host `a`, by the actor that answers. */
const words = { namespace, name: 'words' };
const ports = { front: 0, near: 0, web: 0 };

let dir: string;
let client: KubeClient;
let connection: LatticeConnection;
let api: TcpProxy;
let nats: TcpProxy;
let hosts: HostProcess[] = [];
let caller: Provider;
const images: Record<string, string> = {};

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'hosts-together-'));
  [client, connection] = await Promise.all([testClient(), connect()]);
  const natsUrl = new URL(String(natsOptions().servers).replace(/^\w+:/, 'http:'));
  [api, nats] = await Promise.all([TcpProxy.start(client.connection.server), TcpProxy.start(natsUrl)]);
  const metadata = { name: namespace };
  await client.create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata });
  for (const [name, source] of [
    ['front', 'front.wat'],
    ['web', 'lab.wat'],
    ['sums', 'callee'],
  ] as const)
    [images[`${name}1`], images[`${name}2`]] = (await versions(dir, name, source)) as [string, string];
  // What surrounds host `a` can be cut off.
  const common = { client, dir, lattice: namespace };
  hosts = await Promise.all([
    startHost({ ...common, name: a, apiPort: api.port, natsPort: nats.port }),
    startHost({ ...common, name: b }),
    startHost({ ...common, name: c }),
  ]);
  caller = await join({ nats: connection.nats, lattice: namespace, id: 'test' });
  await populate();
}, 180_000);
afterAll(async () => {
  await caller?.close();
  api?.refuse(false);
  await Promise.all(hosts.map((host) => host.stop()));
  for (const name of names) await client.delete(WasmCloudHostResource, { name });
  await client.delete(NamespaceResource, { name: namespace });
  await Promise.all([api.stop(), nats.stop(), connection.close()]);
  client.connection.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Actors on all hosts, and an HTTP server on the first that leads to them. */
async function populate(): Promise<void> {
  await client.create(ConfigMapResource, configMap(namespace, 'words', { greeting: 'hello' }));
  const config = { configFrom: [{ name: 'words' }] };
  const limits = { executionTimeMs: 3_000 };
  const math = { wit: { namespace: 'acme', package: 'calls', interfaces: ['math'] } };
  const actors = [
    actor(namespace, 'front', { image: images['front1']!, host: a, instances: 20, config, limits }),
    actor(namespace, 'near', { image: images['front1']!, host: a, instances: 20, config, limits }),
    actor(namespace, 'near-sums', { image: images['sums1']!, host: a, instances: 20 }),
    actor(namespace, 'sums-b', { image: images['sums1']!, host: b, instances: 20, componentId: 'sums' }),
    actor(namespace, 'sums-c', { image: images['sums1']!, host: c, instances: 20, componentId: 'sums' }),
    actor(namespace, 'web', { image: images['web1']!, host: b, instances: 20 }),
  ];
  for (const each of actors) await client.create(WasmCloudActorResource, each);
  await client.create(WasmCloudLinkResource, link(namespace, 'front-sums', 'front', 'sums', math));
  await client.create(WasmCloudLinkResource, link(namespace, 'near-sums', 'near', 'near-sums', math));
  await client.create(WasmCloudProviderResource, provider(namespace, 'http', { host: a }));
  for (const target of ['front', 'near', 'web'] as const) {
    ports[target] = await choosePort('port of a server', {});
    const sourceConfig = { values: { address: `127.0.0.1:${ports[target]}` } };
    await client.create(
      WasmCloudLinkResource,
      link(namespace, `http-${target}`, 'http', target, { name: target, sourceConfig }),
    );
  }
  for (const { metadata } of actors)
    await untilCondition(client, WasmCloudActorResource, metadata, { status: 'True' });
  for (const [target, route] of [
    ['front', 'a'],
    ['near', 'a'],
    ['web', 'c'],
  ] as const)
    await eventually(async () => expect((await get(target, route)).status).toBe(200));
}

async function get(target: keyof typeof ports, route: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${ports[target]}/${route}`);
  return { status: response.status, text: await response.text() };
}

async function expects(target: keyof typeof ports, route: string, text: string): Promise<void> {
  expect(await get(target, route)).toEqual({ status: 200, text });
}

/** Gives an actor another image, and waits until that serves. */
async function replace(name: string, to: string): Promise<void> {
  const before = (await client.get(WasmCloudActorResource, { namespace, name })).status?.resolvedImage;
  await client.patch(WasmCloudActorResource, { namespace, name }, { spec: { image: to } });
  await eventually(async () => {
    const { status } = await client.get(WasmCloudActorResource, { namespace, name });
    expect(status?.resolvedImage).not.toBe(before);
  });
}

const math = wit.iface('acme:calls/math@1.0.0', {
  add: wit.func(
    [
      ['a', wit.u32],
      ['b', wit.u32],
    ],
    wit.u32,
  ),
});

it('serve HTTP by actors of both, which call each other', async () => {
  await expects('front', 'a', '42');
  await expects('near', 'a', '42');
  await expects('front', 'g', 'hello');
  const response = await fetch(`http://127.0.0.1:${ports.web}/e`, { method: 'POST', body: 'streamed' });
  expect(await response.text()).toBe('streamed');
});

it('pass values of every type between components, on one host and on two, with the same answers', async () => {
  const [relay, echo] = await Promise.all([
    conformant('core modules', 'relay'),
    conformant('core modules', 'echo'),
  ]);
  const actors = [
    actor(namespace, 'relay-far', { image: `file://${relay.wasm}`, host: a }),
    actor(namespace, 'relay-near', { image: `file://${relay.wasm}`, host: b }),
    actor(namespace, 'echo', { image: `file://${echo.wasm}`, host: b }),
  ];
  for (const each of actors) await client.create(WasmCloudActorResource, each);
  const called = { wit: { namespace: 'test', package: 'conformance', interfaces: ['values'] } };
  for (const source of ['relay-far', 'relay-near'])
    await client.create(WasmCloudLinkResource, link(namespace, source, source, 'echo', called));
  for (const { metadata } of actors)
    await untilCondition(client, WasmCloudActorResource, metadata, { status: 'True' });
  for (const id of ['relay-far', 'relay-near']) {
    for (const each of cases) await expectEchoes(each, 'core modules', over(caller, id));
  }
});

it('replace images and configuration under load without failing a call', async () => {
  const sums = caller.target('sums', math);
  const load = new Load({
    'HTTP to an actor that calls another host': () => expects('front', 'a', '42'),
    'HTTP to an actor elsewhere': async () => expect((await get('web', 's')).status).toBe(200),
    'a call of a program': async () => expect(await sums.add(1, 2)).toBe(3),
  });
  for (const version of [2, 1]) {
    for (const [name, kind] of [
      ['front', 'front'],
      ['sums-b', 'sums'],
      ['web', 'web'],
      ['sums-c', 'sums'],
    ] as const)
      await replace(name, images[`${kind}${version}`]!);
    const greeting = `hello ${version}`;
    await client.patch(ConfigMapResource, words, { data: { greeting } });
    await eventually(() => expects('front', 'g', greeting));
  }
  await client.delete(ConfigMapResource, words);
  await eventually(async () => {
    const front = await client.get(WasmCloudActorResource, { namespace, name: 'front' });
    expect(conditionOf(front, 'ConfigResolved')?.reason).toBe('ConfigDeleted');
  });
  await expects('front', 'g', 'hello 1');
  await client.create(ConfigMapResource, configMap(namespace, 'words', { greeting: 'hello again' }));
  await eventually(() => expects('front', 'g', 'hello again'));
  expect(await load.stop()).toEqual([]);
  expect(load.calls).toBeGreaterThan(100);
});

it('serve on without the API server, and catch up', async () => {
  api.refuse(true);
  api.cut();
  const load = new Load({ 'HTTP to an actor that calls another host': () => expects('front', 'a', '42') });
  await client.patch(ConfigMapResource, words, { data: { greeting: 'later' } });
  await expects('front', 'g', 'hello again');
  await load.until(50);
  api.refuse(false);
  await eventually(() => expects('front', 'g', 'later'), 30_000);
  expect(await load.stop()).toEqual([]);
});

it('serve local calls without NATS, fail remote ones at once and by name, and recover', async () => {
  nats.refuse(true);
  nats.cut();
  const load = new Load({ 'a call within the host': () => expects('near', 'a', '42') });
  const began = performance.now();
  await eventually(async () => expect((await get('web', 'c')).text).toContain('Disconnected'));
  expect((await get('web', 'c')).status).toBe(503);
  expect((await get('front', 'a')).status).toBe(500);
  // Far from the time that a call may take.
  expect(performance.now() - began).toBeLessThan(20_000);
  await eventually(() => expect(hosts[0]!.log).toContain('while NATS is away'));
  await load.until(50);
  nats.refuse(false);
  await eventually(() => expects('front', 'a', '42'), 30_000);
  await eventually(async () => expect((await get('web', 'c')).status).toBe(200), 30_000);
  expect(await load.stop()).toEqual([]);
});

it('go on with the replicas of an actor when its host is killed', async () => {
  const load = new Load({ 'HTTP to an actor that calls another host': () => expects('front', 'a', '42') });
  await load.until(20);
  await hosts[2]!.stop('SIGKILL');
  const since = load.calls;
  await load.until(since + 200);
  // Only what the killed host was about to answer is lost.
  expect((await load.stop()).length).toBeLessThanOrEqual(load.width);
  await expects('front', 'a', '42');
});
