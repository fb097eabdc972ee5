import { conditionOf, isReady, WasmCloudActorResource, WasmCloudHostResource } from '../../lib/api';
import { NatsLink } from '../../lib/host/agent-nats';
import { bench, eventually, untilCondition } from './host-agent-harness';
import { TcpProxy } from './tcp-proxy';

const lab = bench();
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function proxyTo(target: URL): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(target);
  cleanups.push(() => proxy.stop());
  return proxy;
}

it('runs on without the API server and catches up with what it missed', async () => {
  const proxy = await proxyTo(lab.client.connection.server);
  const host = await lab.host({}, { through: proxy.through(lab.client.connection) });
  const namespace = await lab.namespace();
  const actor = async (name: string): Promise<void> => {
    await lab.client.create(WasmCloudActorResource, {
      apiVersion: 'kasmcloud.io/v1alpha1',
      kind: 'WasmCloudActor',
      metadata: { name, namespace },
      spec: { image: await lab.component(name), host: host.identity.name },
    });
  };
  await actor('kept');
  await actor('removed');
  for (const name of ['kept', 'removed'])
    await untilCondition(lab.client, WasmCloudActorResource, { name, namespace }, { status: 'True' });

  proxy.refuse(true);
  proxy.cut();
  await lab.client.delete(WasmCloudActorResource, { name: 'removed', namespace });
  await actor('added');
  expect(host.running('kept')).toHaveLength(1);
  expect(host.running('removed')).toHaveLength(1);

  proxy.refuse(false);
  await untilCondition(lab.client, WasmCloudActorResource, { name: 'added', namespace }, { status: 'True' });
  await eventually(() => expect(host.running('removed')).toEqual([]));
  expect(host.started.map(({ spec }) => spec.id).sort()).toEqual(['added', 'kept', 'removed']);
  await eventually(async () => {
    const registered = await lab.client.get(WasmCloudHostResource, { name: host.identity.name });
    expect(isReady(registered)).toBe(true);
    expect(conditionOf(registered, 'NatsConnected')?.status).toBe('True');
  });
});

it('tells whether NATS is connected, from before it is there', async () => {
  const nats = new URL(process.env['KASMCLOUD_TEST_NATS_URL'] ?? '');
  const proxy = await proxyTo(nats);
  proxy.refuse(true);
  let changes = 0;
  const link = new NatsLink(
    {
      servers: `tls://127.0.0.1:${proxy.port}`,
      tls: {
        ca: process.env['KASMCLOUD_TEST_NATS_CA'] ?? '',
        cert: process.env['KASMCLOUD_TEST_NATS_CERT'] ?? '',
        key: process.env['KASMCLOUD_TEST_NATS_KEY'] ?? '',
      },
    },
    () => changes++,
  );
  cleanups.push(() => link.stop());
  link.start();
  await eventually(() =>
    expect(link.state).toMatchObject({
      connected: false,
      problem: expect.stringContaining('cannot be reached') as string,
    }),
  );
  proxy.refuse(false);
  await eventually(() => expect(link.state).toEqual({ connected: true, problem: undefined }), 30_000);
  const before = changes;
  proxy.refuse(true);
  proxy.cut();
  await eventually(() => expect(link.state.connected).toBe(false));
  proxy.refuse(false);
  await eventually(() => expect(link.state.connected).toBe(true), 30_000);
  expect(changes).toBeGreaterThanOrEqual(before + 2);
}, 90_000);
