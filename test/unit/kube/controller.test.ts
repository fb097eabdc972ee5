import { TerminalError } from '../../../lib/base/errors';
import { registry } from '../../../lib/base/metrics';
import { Controller, KubeClient, type Reconcile, Reflector, WorkQueue } from '../../../lib/kube';
import { FakeApi, type Widget, WidgetServer, Widgets, until, widget } from './fake-api';

let server: WidgetServer;
let api: FakeApi;
let reflector: Reflector<Widget>;
let controller: Controller;
let seen: string[];

beforeEach(async () => {
  server = new WidgetServer();
  server.items = [widget('a'), widget('b')];
  api = await FakeApi.start(server.handle);
  reflector = new Reflector(new KubeClient(api.connection), Widgets);
  seen = [];
});
afterEach(async () => {
  await controller.stop();
  await reflector.stop();
  await api.stop();
});

function run(reconcile: Reconcile, options: { timeoutMs?: number; workers?: number } = {}): void {
  controller = new Controller({
    name: 'test',
    watches: [{ reflector }],
    reconcile,
    queue: new WorkQueue({ minRetryMs: 1 }),
    ...options,
  });
  controller.start();
  reflector.start();
}

test('reconciles what exists, then what changes', async () => {
  run(async (key) => void seen.push(key));
  await until(() => seen.length === 2);
  expect(seen).toEqual(['ns/a', 'ns/b']);
  await until(() => server.watches.length === 1);
  server.send('MODIFIED', widget('a', '11'));
  server.send('DELETED', widget('b', '12'));
  await until(() => seen.length === 4);
  expect(seen.slice(2)).toEqual(['ns/a', 'ns/b']);
});

test('starts no pass before all reflectors have synced', async () => {
  const late = new Reflector(new KubeClient(api.connection), Widgets);
  controller = new Controller({
    name: 'test',
    watches: [{ reflector }, { reflector: late, map: () => ['all'] }],
    reconcile: async (key) => void seen.push(key),
  });
  reflector.start();
  await reflector.synced();
  controller.start();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(seen).toEqual([]);
  late.start();
  await until(() => seen.length === 3);
  expect(new Set(seen)).toEqual(new Set(['ns/a', 'ns/b', 'all']));
  await late.stop();
});

test('maps a change to other keys, with the old state', async () => {
  controller = new Controller({
    name: 'test',
    watches: [
      { reflector, map: (object, old) => [object, ...(old ? [old] : [])].map((o) => o.spec?.color ?? '') },
    ],
    reconcile: async (key) => void seen.push(key),
  });
  controller.start();
  reflector.start();
  await until(() => seen.length === 1 && server.watches.length === 1);
  server.send('MODIFIED', widget('a', '11', 'blue'));
  await until(() => seen.length === 3);
  expect(seen.sort()).toEqual(['blue', 'red', 'red']);
});

test('a pass that throws is tried again', async () => {
  let failures = 3;
  run(async (key) => {
    seen.push(key);
    if (key === 'ns/a' && failures-- > 0) throw new Error('not yet');
  });
  await until(() => seen.filter((key) => key === 'ns/a').length === 4);
  expect(seen.filter((key) => key === 'ns/b')).toHaveLength(1);
  expect(await registry.getSingleMetricAsString('kasmcloud_controller_errors_total')).toMatch(
    /controller="test",kind="error"} 3/,
  );
});

test('a TerminalError is tried again only after a change', async () => {
  run(async (key) => {
    seen.push(key);
    throw new TerminalError('Broken', 'Cannot be done');
  });
  await until(() => seen.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(seen).toHaveLength(2);
  await until(() => server.watches.length === 1);
  server.send('MODIFIED', widget('a', '11'));
  await until(() => seen.length === 3);
});

test('requeueAfterMs brings another pass', async () => {
  run(async (key) => {
    seen.push(key);
    return seen.length < 4 ? { requeueAfterMs: 1 } : undefined;
  });
  await until(() => seen.length >= 4);
});

test('a pass that takes too long is aborted and tried again', async () => {
  let first = true;
  run(
    async (key, signal) => {
      if (key === 'ns/a' && first) {
        first = false;
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      }
      seen.push(key);
    },
    { timeoutMs: 20 },
  );
  await until(() => seen.includes('ns/a'));
});

test('runs as many passes at a time as it has workers, never two of one key', async () => {
  server.items = Array.from({ length: 20 }, (_, i) => widget(`w${i}`));
  let running = 0;
  let most = 0;
  const keys = new Set<string>();
  run(
    async (key) => {
      expect(keys.has(key)).toBe(false);
      keys.add(key);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      keys.delete(key);
      seen.push(key);
    },
    { workers: 3 },
  );
  await until(() => seen.length === 20);
  expect(most).toBe(3);
});

test('stop aborts the pass under way, waits for it and starts none after', async () => {
  let ended = false;
  run(
    async (key, signal) => {
      seen.push(key);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await new Promise((resolve) => setTimeout(resolve, 10));
      ended = true;
    },
    { workers: 1 },
  );
  await until(() => seen.length === 1);
  await controller.stop();
  expect(ended).toBe(true);
  expect(seen).toHaveLength(1);
});
