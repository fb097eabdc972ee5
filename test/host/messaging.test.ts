import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WasmCloudLink } from '../../lib/api';
import { log } from '../../lib/base/log';
import { ActorRuntime } from '../../lib/host/actor-runtime';
import { LocalServices, OfferedService } from '../../lib/host/calls/local-services';
import { CallRouter } from '../../lib/host/calls/router';
import { ComponentEngine } from '../../lib/host/component/component-engine';
import { type MessagingLink, MessagingNats } from '../../lib/host/providers/messaging-nats';
import { SpareWorker } from '../../lib/host/worker/spare';
import { LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { toolchainComponent } from './component/fixtures';

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

  const provider = new MessagingNats({
    connection: () => nats,
    deliver: async (_, message) => {
      await actor.call('wasmcloud:messaging/handler@0.2.0', 'handle-message', [message]);
    },
    log,
  });
  const offered = new OfferedService(provider.service);
  offered.setLinks([{ link, config: { sourceConfig: {}, targetConfig: {} } }]);
  const services = new LocalServices();
  services.add(namespace, 'bus', 'lattice', offered);
  const router = new CallRouter({
    links: () => [link],
    lattice: () => 'lattice',
    actor: () => undefined,
    service: (_, id) => services.find(namespace, id),
    nats: () => nats,
  });

  const binary = await toolchainComponent('echo-messages');
  const wasm = path.join(dir, 'echo.wasm');
  writeFileSync(wasm, binary);
  const digest = `sha256:${createHash('sha256').update(binary).digest('hex')}`;
  const spare = new SpareWorker(process.env['KASMCLOUD_TEST_WORKER'] ?? '');
  cleanUp.unshift(() => spare.stop());
  actor = await ActorRuntime.start(
    { id: 'echo', lattice: 'lattice', wasm, digest, instances: 4, config: {} },
    {
      engine: new ComponentEngine(),
      spare,
      followLink: (call) => router.call({ ...call, namespace, source: 'echo' }),
    },
  );
  cleanUp.unshift(() => actor.stop(0));
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
