import { ConfigMapResource } from '../../lib/api';
import { Backoff } from '../../lib/base/backoff';
import { type Connection, KubeClient, Reflector, type ReflectorOptions } from '../../lib/kube';
import type { ConfigMap } from '../../lib/api';
import { configMap, ensureNamespace, eventually, testConnection } from './cluster';
import { TcpProxy } from './tcp-proxy';

const namespace = 'kube-reflector';
let direct: KubeClient;
let connection: Connection;
let proxy: TcpProxy;
let reflector: Reflector<ConfigMap>;
let proxied: Connection;
let counter = 0;

beforeAll(async () => {
  connection = await testConnection();
  direct = new KubeClient(connection);
  await ensureNamespace(direct, namespace);
});
afterAll(() => connection.close());

beforeEach(async () => {
  proxy = await TcpProxy.start(connection.server);
  // Its own agent: idle connections that bypass the proxy must not be reused.
  proxied = proxy.through(await testConnection());
});
afterEach(async () => {
  await reflector.stop();
  proxied.close();
  await proxy.stop();
});

async function start(options: ReflectorOptions<ConfigMap> = {}): Promise<void> {
  reflector = new Reflector(new KubeClient(proxied), ConfigMapResource, {
    namespace,
    backoff: new Backoff({ minMs: 20, maxMs: 500 }),
    ...options,
  });
  reflector.start();
  await reflector.synced();
}

/** Creates an object behind the proxy's back and waits until the reflector shows it. */
async function expectSeen(): Promise<string> {
  const name = `seen-${counter++}`;
  await direct.create(ConfigMapResource, configMap(namespace, name));
  await eventually(`${name} is mirrored`, () => reflector.get(`${namespace}/${name}`));
  return name;
}

test('mirrors creation, change and deletion', async () => {
  await start();
  const name = await expectSeen();
  await direct.patch(ConfigMapResource, { namespace, name }, { data: { a: '1' } });
  await eventually(
    'the change is mirrored',
    () => reflector.get(`${namespace}/${name}`)?.data?.['a'] === '1',
  );
  await direct.delete(ConfigMapResource, { namespace, name });
  await eventually('the deletion is mirrored', () => reflector.get(`${namespace}/${name}`) === undefined);
});

test('goes on after connections were cut, again and again, and misses nothing', async () => {
  await start();
  for (let i = 0; i < 5; i++) {
    proxy.cut();
    const name = await expectSeen();
    proxy.cut();
    await direct.delete(ConfigMapResource, { namespace, name });
    await eventually('the deletion is mirrored', () => reflector.get(`${namespace}/${name}`) === undefined);
  }
});

test('goes on after a half-open connection', async () => {
  await start({ watchSeconds: 1, idleSlackMs: 200 });
  await expectSeen();
  proxy.freeze();
  await direct.create(ConfigMapResource, configMap(namespace, 'while-frozen'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(reflector.get(`${namespace}/while-frozen`)).toBeUndefined();
  proxy.thaw();
  await eventually('the reflector noticed', () => reflector.get(`${namespace}/while-frozen`));
});

test('goes on when the server ends each watch in time, with nothing happening', async () => {
  await start({ watchSeconds: 1 });
  await new Promise((resolve) => setTimeout(resolve, 3500));
  await expectSeen();
});

test('does not hammer a server that closes connections at once', async () => {
  await start({ backoff: new Backoff({ minMs: 200, maxMs: 1000 }) });
  proxy.refuse(true);
  proxy.cut();
  const before = proxy.accepted;
  await new Promise((resolve) => setTimeout(resolve, 3000));
  // Delays of at least 100, 200, 400, 500, 500 … ms: fewer than ten dials in 3 s, where without pause it would be hundreds.
  expect(proxy.accepted - before).toBeLessThan(10);
  proxy.refuse(false);
  await expectSeen();
});
