import { type Lease, LeaseResource } from '../../lib/api';
import { type Connection, KubeClient, LeaderElector, LeaseKeeper } from '../../lib/kube';
import { ensureNamespace, eventually, testConnection } from './cluster';
import { TcpProxy } from './tcp-proxy';

const namespace = 'kube-lease';
const quick = { namespace, leaseMs: 3_000, renewDeadlineMs: 2_000, retryMs: 300 };
let connection: Connection;
let client: KubeClient;

beforeAll(async () => {
  connection = await testConnection();
  client = new KubeClient(connection);
  await ensureNamespace(client, namespace);
});
afterAll(() => connection.close());

const read = (name: string): Promise<Lease | undefined> => client.find(LeaseResource, { namespace, name });

test('a leader that is cut off stops before another leads, and follows when it is back', async () => {
  const proxy = await TcpProxy.start(connection.server);
  const isolated = proxy.through(await testConnection());
  const leading = new Set<string>();
  let together = 0;
  const lead = (identity: string) => async (signal: AbortSignal) => {
    leading.add(identity);
    together = Math.max(together, leading.size);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    leading.delete(identity);
  };
  const stop = new AbortController();
  const options = { ...quick, name: 'election' };
  const first = new LeaderElector(new KubeClient(isolated), { ...options, identity: 'first' });
  const second = new LeaderElector(client, { ...options, identity: 'second' });
  const done = [first.run(lead('first'), stop.signal)];
  await eventually('the first leads', () => first.isLeader);
  done.push(second.run(lead('second'), stop.signal));

  proxy.refuse(true);
  proxy.cut();
  await eventually('the second leads', () => second.isLeader);
  expect(first.isLeader).toBe(false);
  expect(together).toBe(1);
  proxy.refuse(false);
  await eventually('the first follows', () => first.leader === 'second');
  expect(leading).toEqual(new Set(['second']));
  expect((await read('election'))?.spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });

  stop.abort();
  await Promise.all(done);
  expect((await read('election'))?.spec.holderIdentity ?? '').toBe('');
  isolated.close();
  await proxy.stop();
});

test('a leader that crashed is replaced when its lease ends', async () => {
  const proxy = await TcpProxy.start(connection.server);
  const isolated = proxy.through(await testConnection());
  const stopFirst = new AbortController();
  const options = { ...quick, name: 'crash' };
  const first = new LeaderElector(new KubeClient(isolated), { ...options, identity: 'first' });
  const firstDone = first.run(
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
    stopFirst.signal,
  );
  await eventually('the first leads', () => first.isLeader);
  // Gone without a farewell: nothing of it reaches the API server any more.
  proxy.freeze();
  stopFirst.abort();
  await firstDone;
  expect((await read('crash'))?.spec.holderIdentity).toBe('first');

  let led = false;
  await new LeaderElector(client, { ...options, identity: 'second' }).run(async () => {
    led = true;
    expect((await read('crash'))?.spec.holderIdentity).toBe('second');
  }, new AbortController().signal);
  expect(led).toBe(true);
  isolated.close();
  await proxy.stop();
});

test('a heartbeat survives cut connections and the deletion of its Lease', async () => {
  const proxy = await TcpProxy.start(connection.server);
  const isolated = proxy.through(await testConnection());
  const keeper = new LeaseKeeper(new KubeClient(isolated), {
    namespace,
    name: 'heartbeat',
    identity: 'me',
    durationMs: 3_000,
    renewMs: 100,
  });
  await keeper.start();
  const renewed = async () => {
    const before = (await read('heartbeat'))?.spec.renewTime;
    await eventually('it is renewed', async () => {
      const now = (await read('heartbeat'))?.spec.renewTime;
      return now !== undefined && now !== before;
    });
  };
  await renewed();
  proxy.cut();
  await renewed();
  await client.delete(LeaseResource, { namespace, name: 'heartbeat' });
  await renewed();
  await keeper.stop({ remove: true });
  expect(await read('heartbeat')).toBeUndefined();
  isolated.close();
  await proxy.stop();
});
