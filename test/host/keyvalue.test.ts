import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import type { WasmCloudLink } from '../../lib/api';
import type { ActorRuntime } from '../../lib/host/actor-runtime';
import { OfferedService } from '../../lib/host/calls/local-services';
import { keyvalueNats } from '../../lib/host/providers/keyvalue-nats';
import { LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { CallHost } from './call-host';

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

const links: WasmCloudLink[] = [];
let actor: ActorRuntime;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  const dir = mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'keyvalue-'));
  const nats = await startNats({ dir });
  cleanUp.unshift(() => nats.stop());
  const connection = await LatticeConnection.connect({ servers: nats.url, tls: nats.client('test') });
  cleanUp.unshift(() => connection.close());
  const host = new CallHost(links);
  cleanUp.unshift(() => host.stop());
  const offered = new OfferedService(keyvalueNats({ connection: () => connection, config: () => ({}) }));
  offered.setLinks([
    { link, config: { sourceConfig: {}, targetConfig: { bucket, enable_bucket_auto_create: 'true' } } },
  ]);
  host.services.add(namespace, 'store', 'lattice', offered);
  actor = await host.start('ledger', 'ledger', { instances: 8 });
}, 180_000);
beforeEach(() => {
  links.splice(0, links.length, link);
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
  links.length = 0;
  await expect(call('increment', 'visits', 1n)).rejects.toThrow(
    'no WasmCloudLink with source ledger, package wasi:keyvalue, interface atomics, link name default',
  );
  links.push(link);
  expect(await call('increment', 'visits', 1n)).toBe(1n);
});
