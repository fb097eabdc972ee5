import { randomUUID } from 'node:crypto';
import type { WasmCloudLink } from '../../lib/api';
import { LocalServices, OfferedService } from '../../lib/host/calls/local-services';
import { CallRouter } from '../../lib/host/calls/router';
import { UnservedCalls } from '../../lib/host/calls/unserved-calls';
import { keyvalueNats } from '../../lib/host/providers/keyvalue-nats';
import { interfaces, type LatticeConnection, WrpcClient } from '../../lib/lattice';
import { connect } from './lattice';

const { store } = interfaces.keyvalue;
const { get, set } = store.functions;
const namespace = 'shop';
const lattice = `test-${randomUUID()}`;
const bucket = lattice;
const link: WasmCloudLink = {
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudLink',
  metadata: { name: 'cart-to-store', namespace },
  spec: {
    source: 'cart',
    target: 'store',
    wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store'] },
  },
};

let connection: LatticeConnection;
let elsewhere: LatticeConnection;
let services: LocalServices;
let offered: OfferedService;

beforeAll(async () => {
  [connection, elsewhere] = await Promise.all([connect(), connect()]);
});
beforeEach(() => {
  services = new LocalServices();
  offered = new OfferedService(keyvalueNats({ connection: () => connection, config: () => ({}) }));
  services.add(namespace, 'store', lattice, offered);
  configure();
});
afterEach(() => services.remove(namespace, 'store', offered, 0));
afterAll(async () => {
  await (await connection.nats.jetstreamManager()).streams.delete(`KV_${bucket}`);
  await Promise.all([connection.close(), elsewhere.close()]);
});

function configure(): void {
  const targetConfig = { bucket, enable_bucket_auto_create: 'true' };
  offered.setLinks([{ link, config: { sourceConfig: {}, targetConfig } }]);
}

/** Calls as a component on another host does. */
function remote(name: 'get' | 'set', args: unknown[], source = 'cart'): Promise<unknown> {
  const client = new WrpcClient(elsewhere, { headers: { 'source-id': source, 'link-name': 'default' } });
  return client.bind(
    { lattice, id: 'store' },
    store.id,
    name,
    store.functions[name],
  )(args, { deadlineMs: 5_000 });
}

/** Calls as a component on this host does. */
function local(name: 'get' | 'set', args: unknown[]): Promise<unknown> {
  const router = new CallRouter({
    links: () => [link],
    lattice: () => lattice,
    actor: () => undefined,
    service: (_, id) => services.find(namespace, id),
    nats: () => undefined,
    unserved: new UnservedCalls({ host: 'test', linked: () => [] }),
  });
  return router.call({
    namespace,
    source: 'cart',
    linkName: 'default',
    interface: 'wasi:keyvalue/store@0.2.0-draft',
    wireInterface: store.id,
    function: name,
    signature: { get, set }[name],
    args,
    deadlineMs: 5_000,
  });
}

it('answers components of this host and of others alike', async () => {
  services.attach(connection);
  await connection.nats.flush();
  await local('set', ['default', 'key', Uint8Array.of(1)]);
  expect(await remote('get', ['default', 'key'])).toEqual(Uint8Array.of(1));
  await remote('set', ['default', 'key', Uint8Array.of(2)]);
  expect(await local('get', ['default', 'key'])).toEqual(Uint8Array.of(2));
  await expect(remote('get', ['other', 'key'])).rejects.toMatchObject({ payload: { tag: 'no-such-store' } });
});

it('answers no component without a link to it', async () => {
  services.attach(connection);
  await connection.nats.flush();
  await expect(remote('get', ['default', 'key'], 'stranger')).rejects.toMatchObject({
    reason: expect.stringMatching(/Refused|Incomplete/) as string,
  });
});

it('says that a link is not ready before its configuration is known', async () => {
  offered.setLinks([]);
  await expect(local('get', ['default', 'key'])).rejects.toMatchObject({ reason: 'LinkNotReady' });
});

it('is there for others from when NATS is until it is removed', async () => {
  await expect(remote('get', ['default', 'key'])).rejects.toMatchObject({ reason: 'NoResponders' });
  services.attach(connection);
  await connection.nats.flush();
  await remote('get', ['default', 'key']);
  await services.remove(namespace, 'store', offered, 1_000);
  await expect(remote('get', ['default', 'key'])).rejects.toMatchObject({ reason: 'NoResponders' });
  expect(services.find(namespace, 'store')).toBeUndefined();
});
