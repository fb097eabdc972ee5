import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import {
  conditionOf,
  ConfigMapResource,
  WasmCloudActorResource,
  WasmCloudLinkResource,
  type WasmCloudLinkSpec,
  type WasmCloudProvider,
  WasmCloudProviderResource,
} from '../../lib/api';
import { interfaces, type LatticeConnection, WrpcClient } from '../../lib/lattice';
import { bench, eventually, type FakeActor, type TestHost, untilCondition } from './host-agent-harness';
import { connect, natsOptions } from './lattice';

const { store, watcher } = interfaces.keyvalue;
const { consumer, handler } = interfaces.messaging;
const lab = bench();
const apiVersion = 'kasmcloud.io/v1alpha1';
let nats: LatticeConnection;
let namespace: string;
let host: TestHost;
let bucket: string;

beforeAll(async () => {
  nats = await connect();
});
afterAll(() => nats.close());
beforeEach(async () => {
  bucket = `test-${randomUUID()}`;
  namespace = await lab.namespace();
  host = await lab.host({}, { nats: { connection: nats, options: natsOptions() } });
});
afterEach(async () => {
  const { streams } = await nats.nats.jetstreamManager();
  for await (const { config } of streams.list(`$KV.${bucket}.>`)) await streams.delete(config.name);
});

const until = (name: string, condition: Parameters<typeof untilCondition>[3]): Promise<WasmCloudProvider> =>
  untilCondition(lab.client, WasmCloudProviderResource, { name, namespace }, condition);
const declare = (name: string, image: string): Promise<unknown> =>
  lab.client.create(WasmCloudProviderResource, {
    apiVersion,
    kind: 'WasmCloudProvider',
    metadata: { name, namespace },
    spec: { image, host: host.identity.name },
  });
const provide = async (name: string, image: string): Promise<void> => {
  await declare(name, image);
  await until(name, { status: 'True' });
};
const run = async (name: string): Promise<FakeActor> => {
  await lab.client.create(WasmCloudActorResource, {
    apiVersion,
    kind: 'WasmCloudActor',
    metadata: { name, namespace },
    spec: { image: await lab.component(name), host: host.identity.name },
  });
  return eventually(() => {
    const [actor] = host.running(name);
    if (actor === undefined) throw new Error(`${name} does not run`);
    return actor;
  });
};
const link = (name: string, spec: Omit<WasmCloudLinkSpec, 'name'>): Promise<unknown> =>
  lab.client.create(WasmCloudLinkResource, {
    apiVersion,
    kind: 'WasmCloudLink',
    metadata: { name, namespace },
    spec,
  });
const keyvalue = { namespace: 'wasi', package: 'keyvalue', interfaces: ['store', 'atomics', 'batch'] };
const messaging = (name: string): WasmCloudLinkSpec['wit'] => ({
  namespace: 'wasmcloud',
  package: 'messaging',
  interfaces: [name],
});

/** Calls the store as the component does. */
const use = (actor: FakeActor, name: 'get' | 'set', ...args: unknown[]): Promise<unknown> =>
  actor.followLink({
    linkName: 'default',
    interface: 'wasi:keyvalue/store@0.2.0-draft',
    wireInterface: store.id,
    function: name,
    signature: store.functions[name],
    args: ['default', ...args],
    deadlineMs: 10_000,
  });

it('keeps keys and values of the components that are linked to it, on this host and elsewhere', async () => {
  const cart = await run('cart');
  await provide('kv', 'builtin://keyvalue-nats');
  await expect(use(cart, 'get', 'key')).rejects.toMatchObject({ reason: 'LinkNotFound' });
  await link('cart-kv', {
    source: 'cart',
    target: 'kv',
    wit: keyvalue,
    targetConfig: { values: { bucket, enable_bucket_auto_create: 'true' } },
  });
  await eventually(() => use(cart, 'set', 'key', Uint8Array.of(1)));
  expect(await use(cart, 'get', 'key')).toEqual(Uint8Array.of(1));

  const elsewhere = new WrpcClient(nats, { headers: { 'source-id': 'cart', 'link-name': 'default' } });
  const target = { lattice: namespace, id: 'kv' };
  const get = elsewhere.bind(target, store.id, 'get', store.functions.get);
  expect(await get(['default', 'key'])).toEqual(Uint8Array.of(1));

  await lab.client.delete(WasmCloudProviderResource, { name: 'kv', namespace });
  await eventually(() => expect(get(['default', 'key'])).rejects.toMatchObject({ reason: 'NoResponders' }));
  await expect(use(cart, 'get', 'key')).rejects.toMatchObject({ reason: 'NoResponders' });
});

it('takes the configuration of links from ConfigMaps and follows their changes', async () => {
  const cart = await run('cart');
  await provide('kv', 'builtin://keyvalue-nats');
  await link('cart-kv', {
    source: 'cart',
    target: 'kv',
    wit: keyvalue,
    targetConfig: { configFrom: [{ name: 'store' }] },
  });
  const missing = await until('kv', { type: 'ConfigResolved', status: 'False', reason: 'ConfigNotFound' });
  expect(conditionOf(missing, 'ConfigResolved')?.message).toContain(
    `link ${namespace}/cart-kv: spec.targetConfig`,
  );
  await expect(use(cart, 'get', 'key')).rejects.toMatchObject({ reason: 'LinkNotReady' });
  const metadata = { name: 'store', namespace };
  const data = { bucket, enable_bucket_auto_create: 'true' };
  await lab.client.create(ConfigMapResource, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  await until('kv', { type: 'ConfigResolved', status: 'True' });
  expect(await use(cart, 'get', 'key')).toBeUndefined();
});

it('tells components that are linked from it what changes in a bucket', async () => {
  const audit = await run('audit');
  const got: unknown[] = [];
  audit.serves = [watcher];
  audit.answer = async (func, args) => void got.push([func, ...args]);
  await link('audit-changes', {
    source: 'kv',
    target: 'audit',
    wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['watcher'] },
    sourceConfig: { values: { bucket, enable_bucket_auto_create: 'true' } },
  });
  await provide('kv', 'builtin://keyvalue-nats');
  const kv = await nats.nats.jetstream().views.kv(bucket);
  // What is written before the link is in force is nobody's business.
  await eventually(async () => {
    await kv.put('first', '');
    expect(got).not.toEqual([]);
  });
  await kv.put('name', Uint8Array.of(1));
  await kv.delete('name');
  await eventually(() =>
    expect(got.slice(-2)).toEqual([
      [`${watcher.id}#on-set`, bucket, 'name', Uint8Array.of(1)],
      [`${watcher.id}#on-delete`, bucket, 'name'],
    ]),
  );
});

it('hands messages to the component that is linked, and sends those of components', async () => {
  const worker = await run('worker');
  const got: unknown[] = [];
  worker.serves = [handler];
  worker.answer = async (func, args) => void got.push([func, ...args]);
  await link('worker-messages', {
    source: 'bus',
    target: 'worker',
    wit: messaging('handler'),
    sourceConfig: { values: { subscriptions: `${bucket}.tasks|workers` } },
  });
  await link('bus-consumer', { source: 'worker', target: 'bus', wit: messaging('consumer') });
  await provide('bus', 'builtin://messaging-nats');
  const message = { subject: `${bucket}.tasks`, body: Uint8Array.of(1), replyTo: undefined };
  await eventually(() =>
    worker.followLink({
      linkName: 'default',
      interface: consumer.id,
      function: 'publish',
      signature: consumer.functions.publish,
      args: [message],
      deadlineMs: 10_000,
    }),
  );
  await eventually(() =>
    expect(got).toEqual([['wasmcloud:messaging/handler@0.2.0#handle-message', message]]),
  );
});

it('sends HTTP of the components that are linked to it, where their links allow, on this host and elsewhere', async () => {
  const server = createServer((_, response) => response.end('from afar'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cart = await run('cart');
  await declare('egress', 'builtin://http-client');
  const wit = { namespace: 'wasi', package: 'http', interfaces: ['outgoing-handler'] };
  const values = { allowed_address: '127.0.0.1' };
  await link('cart-egress', { source: 'cart', target: 'egress', wit, targetConfig: { values } });
  const failed = await until('egress', { type: 'Healthy', status: 'False', reason: 'InvalidLinkConfig' });
  expect(conditionOf(failed, 'Healthy')?.message).toContain(
    `link ${namespace}/cart-egress: targetConfig.allowed_address: is no setting here`,
  );
  const targetConfig = { values: { allowed_address: null, allowed_addresses: '127.0.0.1' } };
  await lab.client.patch(
    WasmCloudLinkResource,
    { name: 'cart-egress', namespace },
    { spec: { targetConfig } },
  );
  await until('egress', { status: 'True' });

  const { id, functions } = interfaces.http.outgoingHandler;
  const request = (): unknown => ({
    body: Readable.from([]),
    trailers: Promise.resolve(undefined),
    method: { tag: 'get' },
    pathWithQuery: '/',
    scheme: { tag: 'HTTP' },
    authority: `127.0.0.1:${port}`,
    headers: [],
  });
  const read = async (answer: unknown): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (answer as interfaces.http.Response).body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const signature = functions.handle;
  const here = { linkName: 'default', interface: 'wasi:http/outgoing-handler', wireInterface: id, signature };
  const sent = cart.followLink({
    ...here,
    function: 'handle',
    args: [request(), undefined],
    deadlineMs: 10_000,
  });
  expect(await read(await sent)).toBe('from afar');
  const elsewhere = new WrpcClient(nats, { headers: { 'source-id': 'cart', 'link-name': 'default' } });
  const handle = elsewhere.bind({ lattice: namespace, id: 'egress' }, id, 'handle', signature);
  expect(await read(await handle([request(), undefined]))).toBe('from afar');
  server.close();
});

it.each(['builtin://blobstore-fs', 'builtin://blobstore-nats'])('keeps objects by %s', async (image) => {
  const cart = await run('cart');
  await declare('blobs', image);
  const wit = { namespace: 'wasi', package: 'blobstore', interfaces: ['blobstore'] };
  const values = { roots: 'x' };
  await link('cart-blobs', { source: 'cart', target: 'blobs', wit, targetConfig: { values } });
  const failed = await until('blobs', { type: 'Healthy', status: 'False', reason: 'InvalidLinkConfig' });
  expect(conditionOf(failed, 'Healthy')?.message).toContain('targetConfig.roots: is no setting here');
  const key = { name: 'cart-blobs', namespace };
  await lab.client.patch(WasmCloudLinkResource, key, { spec: { targetConfig: { values: { roots: null } } } });
  await until('blobs', { status: 'True' });

  const { id, functions } = interfaces.blobstore.blobstore;
  const here = (name: keyof typeof functions, ...args: unknown[]): Promise<unknown> =>
    cart.followLink({
      linkName: 'default',
      interface: 'wasi:blobstore/blobstore',
      wireInterface: id,
      function: name,
      signature: functions[name],
      args,
      deadlineMs: 10_000,
    });
  const elsewhere = new WrpcClient(nats, { headers: { 'source-id': 'cart', 'link-name': 'default' } });
  const there = (name: keyof typeof functions, ...args: unknown[]): Promise<unknown> =>
    elsewhere.bind({ lattice: namespace, id: 'blobs' }, id, name, functions[name])(args);
  const object = { container: bucket, object: 'letter' };
  await here('create-container', bucket);
  const body = Readable.from([Buffer.from('from '), Buffer.from('here')]);
  const written = (await here('write-container-data', object, body)) as () => Promise<unknown>;
  expect(await written()).toEqual({ tag: 'ok', val: undefined });
  const [data, whole] = (await there('get-container-data', object, 0n, 100n)) as [
    AsyncIterable<Uint8Array>,
    Promise<unknown>,
  ];
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('from here');
  expect(await whole).toEqual({ tag: 'ok', val: undefined });
  await there('delete-container', bucket);
  expect(await here('container-exists', bucket)).toBe(false);
});

it('says what is wrong with a subscription in the status of the provider', async () => {
  await run('worker');
  await link('worker-messages', {
    source: 'bus',
    target: 'worker',
    wit: messaging('handler'),
    sourceConfig: { values: { subscriptions: 'not a subject' } },
  });
  await declare('bus', 'builtin://messaging-nats');
  const failed = await until('bus', { type: 'Healthy', status: 'False', reason: 'InvalidLinkConfig' });
  expect(conditionOf(failed, 'Healthy')?.message).toContain(`link ${namespace}/worker-messages`);
  const sourceConfig = { values: { subscriptions: `${bucket}.fine` } };
  const key = { name: 'worker-messages', namespace };
  await lab.client.patch(WasmCloudLinkResource, key, { spec: { sourceConfig } });
  await until('bus', { status: 'True' });
});

it.each([
  ['keyvalue-nats', 'store', { bucket: 'carts', bukcet: 'carts' }, 'did you mean bucket?'],
  ['messaging-nats', 'consumer', { subscriptions: 'a' }, 'remove it'],
])('refuses settings of links that %s would not read', async (name, interfaceName, values, remedy) => {
  const wit = name === 'keyvalue-nats' ? keyvalue : messaging(interfaceName);
  await link('cart-to-it', { source: 'cart', target: 'it', wit, targetConfig: { values } });
  await declare('it', `builtin://${name}`);
  const failed = await until('it', { type: 'Healthy', status: 'False', reason: 'InvalidLinkConfig' });
  expect(conditionOf(failed, 'Healthy')?.message).toContain(`link ${namespace}/cart-to-it: targetConfig.`);
  expect(conditionOf(failed, 'Healthy')?.message).toContain(remedy);
});
