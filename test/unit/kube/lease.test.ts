import type http from 'node:http';
import type { Lease } from '../../../lib/api/core';
import { KubeClient, LeaderElector, LeaseKeeper } from '../../../lib/kube';
import { registry } from '../../../lib/base/metrics';
import { FakeApi, type FakeRequest, sendJson, sendStatus, until } from './fake-api';
import { ManualClock } from './manual-clock';

/** Holds one Lease, with the optimistic locking of the API server. */
class LeaseServer {
  lease: Lease | undefined;
  writes: (string | undefined)[] = [];
  private version = 0;
  down = false;

  handle = ({ method, body }: FakeRequest, response: http.ServerResponse): void => {
    if (this.down) return sendStatus(response, 500, 'InternalError');
    if (method === 'GET') {
      return this.lease ? sendJson(response, 200, this.lease) : sendStatus(response, 404, 'NotFound');
    }
    if (method === 'DELETE') {
      this.lease = undefined;
      return sendJson(response, 200, {});
    }
    const written = JSON.parse(body) as Lease;
    if (method === 'POST' && this.lease !== undefined) return sendStatus(response, 409, 'AlreadyExists');
    if (method === 'PUT' && this.lease === undefined) return sendStatus(response, 404, 'NotFound');
    if (method === 'PUT' && written.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
      return sendStatus(response, 409, 'Conflict');
    }
    this.set(written);
    this.writes.push(written.spec.holderIdentity);
    sendJson(response, 200, this.lease);
  };

  set(lease: Lease): void {
    this.lease = {
      ...lease,
      metadata: { ...lease.metadata, uid: 'u', resourceVersion: String(++this.version) },
    };
  }

  heldBy(holderIdentity: string, leaseDurationSeconds: number, renewTime = new Date().toISOString()): void {
    this.set({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l', namespace: 'ns' },
      spec: { holderIdentity, leaseDurationSeconds, renewTime },
    });
  }
}

let server: LeaseServer;
let api: FakeApi;
let client: KubeClient;
const quick = { namespace: 'ns', name: 'l', leaseMs: 300, renewDeadlineMs: 200, retryMs: 20 };

beforeEach(async () => {
  server = new LeaseServer();
  api = await FakeApi.start((request, response) => server.handle(request, response));
  client = new KubeClient(api.connection);
});
afterEach(() => api.stop());

/** Leads until told to stop. */
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('LeaderElector', () => {
  test('whoever was frozen writes nothing, although nobody has told that another leads', async () => {
    const clock = new ManualClock();
    const elector = new LeaderElector(client, {
      ...quick,
      leaseMs: 20_000,
      renewDeadlineMs: 10_000,
      retryMs: 60_000,
      identity: 'a',
      clock,
    });
    const guarded = new KubeClient(api.connection, () => elector.assertLeads());
    const write = (): Promise<unknown> =>
      guarded.raw('/written', { method: 'PUT', body: JSON.stringify(server.lease) });
    expect(() => elector.assertLeads()).toThrow("may be another's by now");
    const stop = new AbortController();
    const done = elector.run(untilAborted, stop.signal);
    await until(() => elector.isLeader);
    clock.advance(9_999);
    await write();
    clock.advance(1);
    expect(elector.isLeader).toBe(true);
    const before = api.requests.length;
    await expect(write()).rejects.toThrow('The lease ns/l');
    expect(api.requests).toHaveLength(before);
    await guarded.raw('/read');
    stop.abort();
    await done;
  });

  test('tells since when the API server answers in time', async () => {
    const clock = new ManualClock();
    const elector = new LeaderElector(client, {
      ...quick,
      leaseMs: 60_000,
      renewDeadlineMs: 50_000,
      identity: 'a',
      clock,
    });
    expect(elector.steadySince).toBeUndefined();
    const stop = new AbortController();
    const done = elector.run(untilAborted, stop.signal);
    await until(() => elector.steadySince === 0);
    server.down = true;
    const requests = api.requests.length;
    await until(() => api.requests.length > requests + 1);
    clock.advance(3_000);
    expect(elector.steadySince).toBe(0);
    clock.advance(1_000);
    expect(elector.steadySince).toBeUndefined();
    server.down = false;
    await until(() => elector.steadySince === 4_000);
    stop.abort();
    await done;
    expect(elector.steadySince).toBeUndefined();
  });

  test('one of several leads; when it stops, another does, at once', async () => {
    const leaders = new Set<string>();
    let most = 0;
    const stops = ['a', 'b', 'c'].map((identity) => {
      const stop = new AbortController();
      const elector = new LeaderElector(client, { ...quick, leaseMs: 60_000, identity });
      const done = elector.run(async (signal) => {
        leaders.add(identity);
        most = Math.max(most, leaders.size);
        await untilAborted(signal);
        leaders.delete(identity);
      }, stop.signal);
      return { identity, stop, done };
    });
    for (let left = 3; left > 0; left--) {
      await until(() => leaders.size === 1);
      const leader = stops.find(({ identity }) => leaders.has(identity))!;
      leader.stop.abort();
      await leader.done;
    }
    expect(most).toBe(1);
    expect(server.lease?.spec.holderIdentity).toBe('');
  });

  test('believes no remote clock: a lease that reads as long over is waited for', async () => {
    server.heldBy('other', 1, '2001-01-01T00:00:00.000000Z');
    const clock = new ManualClock();
    const stop = new AbortController();
    const elector = new LeaderElector(client, { ...quick, identity: 'me', clock });
    const done = elector.run(untilAborted, stop.signal);
    await until(() => api.requests.length > 5);
    clock.advance(999);
    await until(() => api.requests.length > 10);
    expect(elector.isLeader).toBe(false);
    const told = (): Promise<string> => registry.getSingleMetricAsString('kasmcloud_leader');
    expect(await told()).toMatch(/\{lease="l"\} 0$/);
    clock.advance(1);
    await until(() => elector.isLeader);
    expect(await told()).toMatch(/\{lease="l"\} 1$/);
    stop.abort();
    await done;
    expect(server.lease?.spec.leaseTransitions).toBe(1);
  });

  test('a lease from the future does not block when its holder is dead', async () => {
    server.heldBy('dead', 1, '2999-01-01T00:00:00.000000Z');
    let led = false;
    await new LeaderElector(client, { ...quick, identity: 'me' }).run(async () => {
      led = true;
    }, new AbortController().signal);
    expect(led).toBe(true);
  });

  test('a leader that cannot renew stops leading, and leads again afterwards', async () => {
    const stop = new AbortController();
    let terms = 0;
    const elector = new LeaderElector(client, { ...quick, identity: 'me' });
    const done = elector.run(async (signal) => {
      terms++;
      await untilAborted(signal);
    }, stop.signal);
    await until(() => terms === 1);
    server.down = true;
    await until(() => !elector.isLeader);
    server.down = false;
    await until(() => terms === 2);
    stop.abort();
    await done;
  });

  test('a leader that was displaced stops leading', async () => {
    const stop = new AbortController();
    const elector = new LeaderElector(client, { ...quick, identity: 'me' });
    const done = elector.run(untilAborted, stop.signal);
    await until(() => elector.isLeader);
    server.heldBy('usurper', 60);
    // A busy machine makes it cease before it sees why.
    await until(() => !elector.isLeader && elector.leader === 'usurper');
    stop.abort();
    await done;
    expect(server.lease?.spec.holderIdentity).toBe('usurper');
  });

  test('what leading throws ends the contest and gives the lease back', async () => {
    const elector = new LeaderElector(client, { ...quick, identity: 'me' });
    const failing = elector.run(() => Promise.reject(new Error('broken')), new AbortController().signal);
    await expect(failing).rejects.toThrow('broken');
    expect(server.lease?.spec.holderIdentity).toBe('');
  });
});

describe('LeaseKeeper', () => {
  const options = { namespace: 'ns', name: 'l', identity: 'me', durationMs: 1000, renewMs: 20 };

  test('renews, through an outage and a deletion, until it is stopped', async () => {
    const keeper = new LeaseKeeper(client, { ...options, labels: { 'kasmcloud.io/host': 'h' } });
    await keeper.start();
    expect(server.lease?.metadata.labels).toEqual({ 'kasmcloud.io/host': 'h' });
    await until(() => server.writes.length > 3);
    server.down = true;
    await new Promise((resolve) => setTimeout(resolve, 60));
    server.lease = undefined;
    server.writes = [];
    server.down = false;
    await until(() => server.writes.length > 0);
    await keeper.stop();
    const writes = [...server.writes];
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(server.writes).toEqual(writes);
    expect(new Set(writes)).toEqual(new Set(['me']));
  });

  test('deletes the lease when asked to', async () => {
    const keeper = new LeaseKeeper(client, options);
    await keeper.start();
    await keeper.stop({ remove: true });
    expect(server.lease).toBeUndefined();
  });

  test('keeps what others wrote into its lease', async () => {
    const keeper = new LeaseKeeper(client, options);
    await keeper.start();
    server.set({ ...server.lease!, metadata: { ...server.lease!.metadata, labels: { note: 'mine' } } });
    const { length } = server.writes;
    await until(() => server.writes.length > length + 2);
    expect(server.lease?.metadata.labels).toEqual({ note: 'mine' });
    await keeper.stop();
  });

  test('starts while the API server is away', async () => {
    server.down = true;
    const keeper = new LeaseKeeper(client, options);
    const started = keeper.start();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.down = false;
    await started;
    await keeper.stop();
  });

  test('takes the lease of a dead holder over', async () => {
    server.heldBy('dead', 1);
    const keeper = new LeaseKeeper(client, options);
    await keeper.start();
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'me', leaseTransitions: 1 });
    await keeper.stop();
  });

  test('refuses a name whose holder lives', async () => {
    server.heldBy('rival', 10);
    const beating = setInterval(() => server.heldBy('rival', 10), 10);
    const keeper = new LeaseKeeper(client, options);
    await expect(keeper.start()).rejects.toMatchObject({
      reason: 'LeaseHeld',
      message: expect.stringContaining('kept alive by "rival". Give this one another name') as string,
    });
    clearInterval(beating);
    await keeper.stop();
  });

  test('says when it lost the lease, and leaves it alone', async () => {
    const lost: string[] = [];
    const keeper = new LeaseKeeper(client, { ...options, onLost: ({ reason }) => lost.push(reason) });
    await keeper.start();
    server.heldBy('rival', 10);
    await until(() => lost.length === 1);
    expect(lost).toEqual(['LeaseHeld']);
    await keeper.stop({ remove: true });
    expect(server.lease?.spec.holderIdentity).toBe('rival');
  });
});
