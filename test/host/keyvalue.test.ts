import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WasmCloudLink } from '../../lib/api';
import { ActorRuntime } from '../../lib/host/actor-runtime';
import { LocalServices, OfferedService } from '../../lib/host/calls/local-services';
import { CallRouter } from '../../lib/host/calls/router';
import { ComponentEngine } from '../../lib/host/component/component-engine';
import { keyvalueNats } from '../../lib/host/providers/keyvalue-nats';
import { SpareWorker } from '../../lib/host/worker/spare';
import { LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { toolchainComponent } from './component/fixtures';

const namespace = 'test';
const bucket = 'ledger';
const link: WasmCloudLink = {
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudLink',
  metadata: { name: 'ledger-to-store', namespace },
  spec: {
    source: 'ledger',
    target: 'store',
    wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store', 'atomics', 'batch'] },
  },
};

/** The links that are in force. */
let links: WasmCloudLink[];
let actor: ActorRuntime;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  const dir = mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'keyvalue-'));
  const nats = await startNats({ dir });
  cleanUp.unshift(() => nats.stop());
  const connection = await LatticeConnection.connect({ servers: nats.url, tls: nats.client('test') });
  cleanUp.unshift(() => connection.close());

  const offered = new OfferedService(keyvalueNats({ connection: () => connection, config: () => ({}) }));
  offered.setLinks([
    { link, config: { sourceConfig: {}, targetConfig: { bucket, enable_bucket_auto_create: 'true' } } },
  ]);
  const services = new LocalServices();
  services.add(namespace, 'store', 'lattice', offered);
  const router = new CallRouter({
    links: () => links,
    lattice: () => 'lattice',
    actor: () => undefined,
    service: (_, id) => services.find(namespace, id),
    nats: () => connection,
  });

  const binary = await toolchainComponent('ledger');
  const wasm = path.join(dir, 'ledger.wasm');
  writeFileSync(wasm, binary);
  const digest = `sha256:${createHash('sha256').update(binary).digest('hex')}`;
  const spare = new SpareWorker(process.env['KASMCLOUD_TEST_WORKER'] ?? '');
  cleanUp.unshift(() => spare.stop());
  actor = await ActorRuntime.start(
    { id: 'ledger', lattice: 'lattice', wasm, digest, instances: 8, config: {} },
    {
      engine: new ComponentEngine(),
      spare,
      followLink: (call) => router.call({ ...call, namespace, source: 'ledger' }),
    },
  );
  cleanUp.unshift(() => actor.stop(0));
}, 180_000);
beforeEach(() => {
  links = [link];
});
afterAll(async () => {
  for (const step of cleanUp) await step();
});

const call = (func: string, ...args: unknown[]): Promise<unknown> =>
  actor.call('test:ledger/api', func, ['default', ...args]);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('keeps what a component sets in the bucket of its link', async () => {
  expect(await call('get', 'absent')).toBeUndefined();
  await call('set', 'name', bytes('Grace'));
  expect(Buffer.from((await call('get', 'name')) as Uint8Array).toString()).toBe('Grace');
  expect(await call('list-keys', undefined)).toEqual({ keys: ['name'], cursor: undefined });
});

it('counts what many instances of a component count at once', async () => {
  const key = randomUUID();
  const counts = await Promise.all(Array.from({ length: 40 }, () => call('increment', key, 1n)));
  expect(new Set(counts)).toEqual(new Set(Array.from({ length: 40 }, (_, index) => BigInt(index + 1))));
});

it('passes lists of keys and values', async () => {
  await call('set', 'a', bytes('1'));
  await call('set', 'b', bytes('2'));
  await call('delete-many', ['b', 'never-there']);
  expect(await call('get-many', ['b', 'a'])).toEqual([undefined, ['a', bytes('1')]]);
});

it('gives a component the error of the provider', async () => {
  await expect(actor.call('test:ledger/api', 'get', ['elsewhere', 'key'])).rejects.toMatchObject({
    payload: { tag: 'no-such-store' },
  });
});

it('names the link that is missing, and serves on once it is there', async () => {
  links = [];
  await expect(call('increment', 'visits', 1n)).rejects.toThrow(
    'no WasmCloudLink with source ledger, package wasi:keyvalue, interface atomics, link name default',
  );
  links = [link];
  expect(await call('increment', 'visits', 1n)).toBe(1n);
});
