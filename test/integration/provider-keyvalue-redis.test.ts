import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { log } from '../../lib/base/log';
import { KeyvalueRedis } from '../../lib/host/providers/keyvalue-redis';
import { RedisWatch } from '../../lib/host/providers/redis-watch';
import { interfaces } from '../../lib/lattice';
import { createAuthority, issue } from '../../lib/local/certificate';
import { findOnPath } from '../../lib/local/find-on-path';
import { eventually } from './host-agent-harness';

const { store, atomics, batch } = interfaces.keyvalue;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const program = findOnPath('redis-server') ?? findOnPath('valkey-server');
const redis = new KeyvalueRedis(log);
const running = new Set<ChildProcess>();
afterAll(() => {
  redis.stop();
  for (const server of running) server.kill('SIGKILL');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server that keeps nothing; resolves when it takes connections. */
async function start(...options: string[]): Promise<ChildProcess> {
  const server = spawn(program ?? '', ['--save', '', '--bind', '127.0.0.1', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(server);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`Redis ended with ${code}: ${said}`)));
    server.stdout.on('data', (text: Buffer) => {
      said += String(text);
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}

async function stop(server: ChildProcess): Promise<void> {
  running.delete(server);
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
}

/** The provider as a component over a link of this configuration calls it. */
const over =
  (targetConfig: Record<string, string>) =>
  (id: string, name: string, ...args: unknown[]): Promise<unknown> =>
    redis.service.call(id, name, ['default', ...args], {
      source: 'cart',
      linkName: 'default',
      sourceConfig: {},
      targetConfig,
      signal: new AbortController().signal,
    });

if (program === undefined) {
  it('needs a redis-server or valkey-server on PATH', () => {
    process.stderr.write(
      'keyvalue-redis was not tested: there is no redis-server or valkey-server on PATH\n',
    );
  });
} else {
  describe('keyvalue-redis', () => {
    it('keeps what components set, apart by their prefixes', async () => {
      const port = await freePort();
      const server = await start('--port', `${port}`);
      const url = `redis://127.0.0.1:${port}/1`;
      const [one, two] = [over({ url, prefix: 'one*:' }), over({ url, prefix: 'two:' })];
      expect(await one(store.id, 'get', 'a')).toBeUndefined();
      await one(store.id, 'set', 'a', Uint8Array.of(0, 255, 10));
      await two(batch.id, 'set-many', [
        ['a', bytes('second')],
        ['b', bytes('')],
      ]);
      expect(await one(store.id, 'get', 'a')).toEqual(Uint8Array.of(0, 255, 10));
      expect(await one(store.id, 'exists', 'b')).toBe(false);
      expect(await two(store.id, 'exists', 'b')).toBe(true);
      expect(await two(batch.id, 'get-many', ['b', 'none', 'a'])).toEqual([
        ['b', bytes('')],
        undefined,
        ['a', bytes('second')],
      ]);
      expect(await one(store.id, 'list-keys', undefined)).toEqual({ keys: ['a'], cursor: undefined });
      await two(batch.id, 'delete-many', ['a', 'none']);
      await two(store.id, 'delete', 'b');
      expect(await two(store.id, 'list-keys', undefined)).toEqual({ keys: [], cursor: undefined });

      const counts = await Promise.all(
        Array.from({ length: 50 }, () => one(atomics.id, 'increment', 'n', 1n)),
      );
      expect(new Set(counts).size).toBe(50);
      expect(await one(atomics.id, 'increment', 'n', 2n ** 60n)).toBe(2n ** 60n + 50n);
      await expect(one(atomics.id, 'increment', 'a', 1n)).rejects.toMatchObject({
        payload: { tag: 'other' },
      });

      const many = Array.from({ length: 3000 }, (_, index): [string, Uint8Array] => [
        `k${index}`,
        bytes('v'),
      ]);
      await two(batch.id, 'set-many', many);
      const listed = new Set<string>();
      let cursor: bigint | undefined;
      do {
        const page = (await two(store.id, 'list-keys', cursor)) as { keys: string[]; cursor?: bigint };
        for (const key of page.keys) listed.add(key);
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(listed.size).toBe(3000);
      await stop(server);
    });

    it('tells components that the server is away, and serves on when it is back', async () => {
      const port = await freePort();
      const call = over({ url: `redis://127.0.0.1:${port}` });
      await expect(call(store.id, 'get', 'a')).rejects.toMatchObject({ payload: { tag: 'other' } });
      const first = await start('--port', `${port}`);
      await eventually(() => call(store.id, 'set', 'a', bytes('1')));
      await stop(first);
      await eventually(() =>
        expect(call(store.id, 'get', 'a')).rejects.toMatchObject({ payload: { tag: 'other' } }),
      );
      const second = await start('--port', `${port}`);
      await eventually(() => call(store.id, 'set', 'a', bytes('2')));
      await stop(second);
    });

    it('tells components of keys that are set and deleted, also when the server was away', async () => {
      const told: unknown[][] = [];
      const watch = new RedisWatch({
        config: () => ({}),
        deliver: async ({ target }, func, [bucket, key, value]) => {
          const text = value === undefined ? [] : [Buffer.from(value as Uint8Array).toString()];
          told.push([target, func, bucket, key, ...text]);
        },
        log,
      });
      const port = await freePort();
      const url = `redis://127.0.0.1:${port}/2`;
      const call = over({ url, prefix: 'shop:' });
      const link = (name: string, watched: string) => ({
        name: `test/${name}`,
        target: name,
        sourceConfig: { URL: url, Prefix: 'shop:', watch: watched },
      });
      const links = [link('both', 'SET@cart, del@cart'), link('count', 'SET@visits')];

      const mute = await start('--port', `${port}`);
      await expect(watch.setLinks(links)).rejects.toThrow('CONFIG SET notify-keyspace-events K$g');
      await stop(mute);
      const telling = ['--port', `${port}`, '--notify-keyspace-events', 'Kg$'];
      const first = await start(...telling);
      await eventually(() => watch.setLinks(links));
      await call(store.id, 'set', 'other', bytes('x'));
      await call(store.id, 'set', 'cart', bytes('apples'));
      await eventually(() => expect(told).toEqual([['both', 'on-set', '2', 'cart', 'apples']]));
      await call(store.id, 'delete', 'cart');
      await eventually(() => expect(told.slice(1)).toEqual([['both', 'on-delete', '2', 'cart']]));
      await call(atomics.id, 'increment', 'visits', 41n);
      await eventually(() => expect(told.slice(2)).toEqual([['count', 'on-set', '2', 'visits', '41']]));

      await stop(first);
      const second = await start(...telling);
      await eventually(async () => {
        await call(store.id, 'set', 'cart', bytes('pears'));
        expect(told.at(-1)).toEqual(['both', 'on-set', '2', 'cart', 'pears']);
      });

      await watch.setLinks(links.slice(1));
      told.length = 0;
      await call(store.id, 'set', 'cart', bytes('nobody looks'));
      await call(store.id, 'set', 'visits', bytes('50'));
      await eventually(() => expect(told).toEqual([['count', 'on-set', '2', 'visits', '50']]));
      await expect(watch.setLinks([link('bad', 'GET@cart')])).rejects.toThrow(
        'link test/bad: sourceConfig.watch: "GET@cart" is nothing to watch',
      );
      await expect(watch.setLinks([{ ...link('none', ''), sourceConfig: { url } }])).rejects.toThrow(
        'sourceConfig.watch: is missing',
      );
      await watch.stop(0);
      await stop(second);
    });

    it('speaks TLS to servers of the authority that is named, and passwords', async () => {
      const dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-redis-'));
      const file = (name: string, text: string): string => {
        writeFileSync(path.join(dir, name), text);
        return path.join(dir, name);
      };
      const authority = createAuthority('test', 1);
      const { cert, key } = issue(authority, 'test', {
        commonName: 'redis',
        hosts: ['127.0.0.1'],
        validDays: 1,
      });
      const port = await freePort();
      const ca = file('ca.crt', authority.cert);
      const tls = [
        '--tls-port',
        `${port}`,
        '--port',
        '0',
        '--tls-auth-clients',
        'no',
        '--tls-ca-cert-file',
        ca,
      ];
      const pair = ['--tls-cert-file', file('tls.crt', cert), '--tls-key-file', file('tls.key', key)];
      const server = await start(...tls, ...pair, '--requirepass', 'open sesame');
      const url = `rediss://:open%20sesame@127.0.0.1:${port}`;
      await over({ url, tls_ca_file: ca })(store.id, 'set', 'a', bytes('1'));
      await expect(over({ url })(store.id, 'get', 'a')).rejects.toMatchObject({ payload: { tag: 'other' } });
      const wrong = over({ url: `rediss://:wrong@127.0.0.1:${port}`, tls_ca_file: ca });
      await expect(wrong(store.id, 'get', 'a')).rejects.toMatchObject({ payload: { tag: 'access-denied' } });
      await stop(server);
    });
  });
}

it.each([
  [{ url: 'http://user:secret@host' }, 'url: is no address of a Redis server'],
  [{ uri: 'redis://host' }, 'uri: is no setting here. did you mean url?'],
  [{ tls_ca_file: '/nowhere' }, 'tls_ca_file: "/nowhere" cannot be read'],
])('refuses the configuration %j', (settings, message) => {
  const judged = (): unknown => redis.targetOf(settings);
  expect(judged).toThrow(message);
  expect(judged).not.toThrow('secret');
});
