import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import type { WasmCloudLink } from '../../lib/api';
import { log } from '../../lib/base/log';
import type { ActorRuntime } from '../../lib/host/actor-runtime';
import { OfferedService } from '../../lib/host/calls/local-services';
import { type MessagingLink, MessagingNats } from '../../lib/host/providers/messaging-nats';
import { LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { CallHost } from './call-host';

const namespace = 'test';
const link: WasmCloudLink = {
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudLink',
  metadata: { name: 'echo-to-bus', namespace },
  spec: {
    source: 'echo',
    target: 'bus',
    wit: { namespace: 'wasmcloud', package: 'messaging', interfaces: ['consumer'] },
  },
};
const subscribed: MessagingLink = {
  name: `${namespace}/bus-to-echo`,
  target: 'echo',
  sourceConfig: { subscriptions: 'echo.*|echoes' },
};

let nats: LatticeConnection;
let actor: ActorRuntime;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  const dir = mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'messaging-'));
  const server = await startNats({ dir });
  cleanUp.unshift(() => server.stop());
  nats = await LatticeConnection.connect({ servers: server.url, tls: server.client('test') });
  cleanUp.unshift(() => nats.close());

  const host = new CallHost([link]);
  cleanUp.unshift(() => host.stop());
  const provider = new MessagingNats({
    connection: () => nats,
    deliver: async (_, message) => {
      await actor.call('wasmcloud:messaging/handler@0.2.0', 'handle-message', [message]);
    },
    log,
  });
  const offered = new OfferedService(provider.service);
  offered.setLinks([{ link, config: { sourceConfig: {}, targetConfig: {} } }]);
  host.services.add(namespace, 'bus', 'lattice', offered);
  actor = await host.start('echo', 'echo-messages');
  await provider.setLinks([subscribed]);
  cleanUp.unshift(() => provider.stop(0));
  await nats.nats.flush();
}, 180_000);
afterAll(async () => {
  for (const step of cleanUp) await step();
});

it('lets a component answer requests by what it imports and exports of wasmcloud:messaging', async () => {
  const bodies = Array.from({ length: 50 }, (_, index) => `message ${index}`);
  const replies = await Promise.all(
    bodies.map((body) => nats.nats.request('echo.any', Buffer.from(body), { timeout: 10_000 })),
  );
  expect(replies.map(({ data }) => Buffer.from(data).toString())).toEqual(bodies);
});

it('returns the error of a component, and that of the provider within it', async () => {
  const message = { subject: 'echo.any', body: new Uint8Array(), replyTo: '$JS.API.INFO' };
  await expect(
    actor.call('wasmcloud:messaging/handler@0.2.0', 'handle-message', [message]),
  ).rejects.toMatchObject({ payload: expect.stringContaining('reserved') as string });
});
