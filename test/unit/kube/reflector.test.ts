import type http from 'node:http';
import { Backoff } from '../../../lib/base/backoff';
import { type Change, KubeClient, Reflector, type ReflectorOptions } from '../../../lib/kube';
import { FakeApi, type Widget, WidgetServer, Widgets, sendStatus, until, widget } from './fake-api';

let server: WidgetServer;
let api: FakeApi;
let reflector: Reflector<Widget>;
let changes: string[];

beforeEach(async () => {
  server = new WidgetServer();
  api = await FakeApi.start(server.handle);
  changes = [];
});
afterEach(async () => {
  await reflector.stop();
  await api.stop();
});

let pauseMs = 0;

async function start(options: ReflectorOptions<Widget> = {}): Promise<void> {
  reflector = new Reflector(new KubeClient(api.connection), Widgets, {
    backoff: new Backoff({ minMs: 5, maxMs: 20 }),
    pauseMs,
    ...options,
  });
  reflector.subscribe(({ type, object }: Change<Widget>) => changes.push(`${type} ${object.metadata.name}`));
  reflector.start();
  await reflector.synced();
  await until(() => server.watches.length > 0);
}

describe.each([0, 5])('with pauses of %i ms', (ms) => {
  beforeEach(() => void (pauseMs = ms));

  test('lists, then follows the watch from the list’s version', async () => {
    server.items = [widget('a')];
    await start({ watchSeconds: 100 });
    const { searchParams } = server.watches[0]!.url;
    expect(searchParams.get('resourceVersion')).toBe('10');
    expect(searchParams.get('allowWatchBookmarks')).toBe('true');
    expect(Number(searchParams.get('timeoutSeconds'))).toBeGreaterThanOrEqual(100);

    server.send('ADDED', widget('b', '11'));
    server.send('MODIFIED', widget('a', '12', 'blue'));
    server.send('DELETED', widget('b', '13'));
    await until(() => changes.length === 4);
    expect(changes).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b']);
    expect(reflector.list()).toEqual([widget('a', '12', 'blue')]);
    expect(reflector.get('ns/a')?.spec?.color).toBe('blue');
  });

  test('drops managedFields', async () => {
    const object = widget('a');
    object.metadata.managedFields = [{}];
    server.items = [object];
    await start();
    expect(reflector.get('ns/a')).toEqual(widget('a'));
  });

  test('keeps indexes', async () => {
    server.items = [widget('a'), widget('b'), widget('c', '1', 'blue')];
    await start({ indexes: { color: (object) => [object.spec?.color ?? 'none'] } });
    const names = (color: string): string[] => reflector.by('color', color).map((o) => o.metadata.name);
    expect(names('red')).toEqual(['a', 'b']);
    server.send('MODIFIED', widget('a', '11', 'blue'));
    server.send('DELETED', widget('c', '12', 'blue'));
    await until(() => changes.length === 5);
    expect(names('red')).toEqual(['b']);
    expect(names('blue')).toEqual(['a']);
    expect(names('green')).toEqual([]);
    expect(() => reflector.by('size', '1')).toThrow('No index "size"');
  });

  test('continues after a cut where the last event or bookmark was', async () => {
    await start();
    server.send('ADDED', widget('a', '11'));
    server.send('BOOKMARK', { metadata: { resourceVersion: '20' } });
    await until(() => changes.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    api.cut();
    await until(() => server.watches.length === 2);
    expect(server.watches[1]!.url.searchParams.get('resourceVersion')).toBe('20');
    expect(server.lists).toBe(1);
    expect(changes).toEqual(['ADDED a']);
  });

  test.each<[string, (response: http.ServerResponse) => void]>([
    ['as a response', (response) => sendStatus(response, 410, 'Expired')],
    [
      'inside the watch',
      (response) =>
        response
          .writeHead(200)
          .end(
            '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n',
          ),
    ],
  ])('410 %s lists again and reports what changed meanwhile', async (_, answer) => {
    server.items = [widget('same'), widget('gone'), widget('changed')];
    await start();
    server.items = [widget('same'), widget('changed', '12'), widget('new', '13')];
    server.onWatch = answer;
    api.cut();
    await until(() => server.lists === 2);
    delete server.onWatch;
    await until(() => changes.length === 6);
    expect(changes.slice(3)).toEqual(['DELETED gone', 'MODIFIED changed', 'ADDED new']);
    expect(reflector.size).toBe(3);
  });

  test('tells since when it is connected, and that it is not', async () => {
    await start({ backoff: new Backoff({ minMs: 60_000, maxMs: 60_000 }) });
    await until(() => reflector.connectedSince !== undefined);
    expect(reflector.connectedSince).toBeLessThanOrEqual(performance.now());
    api.cut();
    await until(() => reflector.connectedSince === undefined);
  });

  test('a busy server is waited for without listing again', async () => {
    await start();
    let refusals = 3;
    server.onWatch = (response) => {
      if (refusals-- > 0) sendStatus(response, 503, 'ServiceUnavailable');
      else response.writeHead(200).flushHeaders();
    };
    api.cut();
    await until(() => server.watches.length === 5);
    expect(server.lists).toBe(1);
  });

  test('a silent connection is given up and dialled again', async () => {
    await start({ watchSeconds: 0.01, idleSlackMs: -900 });
    await until(() => server.watches.length >= 2);
    expect(server.lists).toBe(1);
  });

  test('a server that closes at once is not hammered', async () => {
    server.onWatch = (response) => response.writeHead(200).end();
    const delays: number[] = [];
    class Recorded extends Backoff {
      override next(): number {
        const delay = super.next();
        delays.push(delay);
        return delay;
      }
    }
    await start({ backoff: new Recorded({ minMs: 10, maxMs: 100, random: () => 1 }) });
    await until(() => delays.length === 6);
    expect(delays.slice(0, 6)).toEqual([10, 20, 40, 80, 100, 100]);
    expect(server.watches.length).toBeLessThanOrEqual(delays.length + 1);
  });

  test('a list that fails is tried until it works', async () => {
    let refusals = 3;
    const works = server.handle;
    await api.stop();
    api = await FakeApi.start((request, response) =>
      refusals-- > 0 ? sendStatus(response, 403, 'Forbidden') : works(request, response),
    );
    await start();
    expect(server.lists).toBe(1);
  });

  test('broken JSON and half lines do no harm', async () => {
    await start();
    server.watches[0]!.response.write('{"type":"ADDED","object":{"metadata":{"name":"half"');
    await new Promise((resolve) => setTimeout(resolve, 20));
    api.cut();
    await until(() => server.watches.length === 2);
    server.watches[1]!.response.write('no json\n');
    await until(() => server.watches.length === 3);
    server.send('ADDED', widget('é'.repeat(20_000), '12'));
    await until(() => changes.length === 1);
    expect(changes).toEqual([`ADDED ${'é'.repeat(20_000)}`]);
  });

  test('a subscriber that throws stops neither the others nor the watch', async () => {
    server.items = [widget('a')];
    reflector = new Reflector(new KubeClient(api.connection), Widgets);
    reflector.subscribe(() => {
      throw new Error('bad subscriber');
    });
    const unsubscribe = reflector.subscribe(({ object }) => changes.push(object.metadata.name));
    reflector.start();
    await until(() => server.watches.length === 1);
    server.send('ADDED', widget('b', '11'));
    await until(() => changes.length === 2);
    unsubscribe();
    server.send('ADDED', widget('c', '12'));
    await until(() => reflector.size === 3);
    expect(changes).toEqual(['a', 'b']);
  });

  test('stop is final, also while it waits to try again', async () => {
    server.onWatch = (response) => response.writeHead(200).end();
    await start({ backoff: new Backoff({ minMs: 60_000, maxMs: 60_000 }) });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await reflector.stop();
    reflector.start();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.watches).toHaveLength(1);
  });

  test('synced rejects when it is given up or stopped first', async () => {
    reflector = new Reflector(new KubeClient(api.connection), Widgets);
    const reason = new Error('too slow');
    await expect(reflector.synced(AbortSignal.abort(reason))).rejects.toBe(reason);
    const waiting = reflector.synced();
    void reflector.stop();
    await expect(waiting).rejects.toThrow('reflector of widgets was stopped');
  });
});
