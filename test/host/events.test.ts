import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import type { WasmCloudLink } from '../../lib/api';
import { log } from '../../lib/base/log';
import type { ActorRuntime } from '../../lib/host/actor-runtime';
import { OfferedService } from '../../lib/host/calls/local-services';
import { keyvalueNats } from '../../lib/host/providers/keyvalue-nats';
import { KeyvalueWatch } from '../../lib/host/providers/keyvalue-watch';
import { MessagingNats } from '../../lib/host/providers/messaging-nats';
import { interfaces, LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { CallHost } from './call-host';
import { runCapable } from './capable';

const namespace = 'test';
const bucket = 'events';
const link = (target: string, wit: WasmCloudLink['spec']['wit']): WasmCloudLink => ({
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudLink',
  metadata: { name: `capable-to-${target}`, namespace },
  spec: { source: 'capable', target, wit },
});
const links = [
  link('kv', { namespace: 'wasi', package: 'keyvalue', interfaces: ['store'] }),
  link('bus', { namespace: 'wasmcloud', package: 'messaging', interfaces: ['producer', 'request-reply'] }),
];

const watching = {
  name: 'test/kv-to-capable',
  target: 'capable',
  sourceConfig: { bucket, key: 'watched.*' },
};

let nats: LatticeConnection;
let actor: ActorRuntime;
let watch: KeyvalueWatch;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  const dir = mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'events-'));
  const server = await startNats({ dir });
  cleanUp.unshift(() => server.stop());
  nats = await LatticeConnection.connect({ servers: server.url, tls: server.client('test') });
  cleanUp.unshift(() => nats.close());
  const host = new CallHost(links);
  cleanUp.unshift(() => host.stop());

  const connection = (): LatticeConnection => nats;
  const config = (): Record<string, string> => ({ enable_bucket_auto_create: 'true' });
  const bus = new MessagingNats({
    connection,
    deliver: async (_, message) => {
      await actor.call(interfaces.messaging.handler.id, 'handle-message', [message]);
    },
    log,
  });
  watch = new KeyvalueWatch({
    connection,
    config,
    deliver: async (_, func, args) => {
      await actor.call(interfaces.keyvalue.watcher.id, func, args);
    },
    log,
  });
  const services = [keyvalueNats({ connection, config }), bus.service];
  for (const [index, each] of links.entries()) {
    const offered = new OfferedService(services[index]!);
    const targetConfig: Record<string, string> = index === 0 ? { bucket } : {};
    offered.setLinks([{ link: each, config: { sourceConfig: {}, targetConfig } }]);
    host.services.add(namespace, each.spec.target, 'lattice', offered);
  }
  actor = await host.start('capable', 'capabilities.js');
  const target = 'capable';
  await bus.setLinks([
    { name: 'test/bus-to-capable', target, sourceConfig: { subscriptions: 'in.*|capable' } },
  ]);
  await watch.setLinks([watching]);
  cleanUp.unshift(() => Promise.all([bus.stop(0), watch.stop(0)]));
  await nats.nats.flush();
}, 240_000);
afterAll(async () => {
  for (const step of cleanUp) await step();
});

const run = (...command: unknown[]): Promise<unknown> => runCapable(actor, ...command);

describe('wasi:keyvalue/watcher', () => {
  /** What the component wrote about a key, waited for. */
  async function seen(key: string, write: () => Promise<unknown>): Promise<string> {
    const kv = await nats.nats.jetstream().views.kv(bucket);
    const changes = await kv.watch({ key: `seen.${key}` });
    await write();
    for await (const { value } of changes) {
      changes.stop();
      return Buffer.from(value).toString();
    }
    throw new Error('The watch has ended');
  }

  it('tells a component what is set and deleted in a bucket, which it can use then', async () => {
    const kv = await nats.nats.jetstream().views.kv(bucket);
    const key = `watched.${randomUUID()}`;
    expect(await seen(key, () => kv.put(key, 'one'))).toBe('set one');
    await kv.purge(`seen.${key}`);
    expect(await seen(`${key}2`, () => kv.put(`${key}2`, 'two'))).toBe('set two');
    const other = `watched.${randomUUID()}`;
    expect(await seen(other, () => kv.delete(other))).toBe('deleted');
    const purged = `watched.${randomUUID()}`;
    expect(await seen(purged, () => kv.purge(purged))).toBe('deleted');
  });

  it('tells of no other keys, and of none once the link is gone', async () => {
    const kv = await nats.nats.jetstream().views.kv(bucket);
    await kv.put('other', 'x');
    // Changes are told in their order: this one would come after the other.
    expect(await seen('watched.last', () => kv.put('watched.last', 'x'))).toBe('set x');
    expect(await kv.get('seen.other')).toBeNull();
    await watch.setLinks([]);
    await kv.put('watched.between', 'x');
    await watch.setLinks([watching]);
    expect(await seen('watched.again', () => kv.put('watched.again', 'x'))).toBe('set x');
    expect(await kv.get('seen.watched.between')).toBeNull();
  });

  it('refuses what it cannot watch', async () => {
    const refusal = (sourceConfig: Record<string, string>): Promise<string> =>
      watch.setLinks([{ name: 'test/bad', target: 'capable', sourceConfig }]).then(
        () => 'nothing',
        ({ message }: Error) => message,
      );
    expect(await refusal({})).toContain('link test/bad: sourceConfig.bucket: is missing');
    expect(await refusal({ bucket, key: 'a b' })).toContain('sourceConfig.key: "a b" is no key');
    expect(await refusal({ bucket, prefix: 'a' })).toContain('sourceConfig.prefix: is no setting here');
  });
});

describe('wasmcloud:messaging 0.3', () => {
  it('hands messages to a component, which replies', async () => {
    const answer = await nats.nats.request('in.orders', Buffer.from('hello'), { timeout: 10_000 });
    expect(Buffer.from(answer.data).toString()).toBe('in.orders said hello');
  });

  it('sends and requests for a component', async () => {
    const sent = nats.nats.subscribe('out', { max: 1 });
    await run('send', 'out', 'from inside');
    for await (const { data } of sent) expect(Buffer.from(data).toString()).toBe('from inside');
    const answering = nats.nats.subscribe('asked', {
      callback: (_, message) => message.respond(Buffer.from(`re: ${Buffer.from(message.data).toString()}`)),
    });
    expect(await run('ask', 'asked', 'what')).toEqual(['re: what']);
    answering.unsubscribe();
  });

  it('gives errors on, both ways', async () => {
    await expect(run('ask', 'nobody.there', 'x')).rejects.toMatchObject({
      tag: 'other',
      val: expect.stringContaining('Nobody listens on nobody.there') as string,
    });
    await expect(run('send', '$JS.API.INFO', 'x')).rejects.toMatchObject({
      val: expect.stringContaining('reserved') as string,
    });
    const message = { subject: 'in.x', body: Buffer.from('refuse'), replyTo: undefined };
    await expect(
      actor.call(interfaces.messaging.handler.id, 'handle-message', [message]),
    ).rejects.toMatchObject({ payload: 'refused' });
  });
});
