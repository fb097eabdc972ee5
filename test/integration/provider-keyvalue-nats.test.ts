import { randomUUID } from 'node:crypto';
import type { LocalService, ServiceCallContext } from '../../lib/host/calls/local-service';
import { keyvalueNats } from '../../lib/host/providers/keyvalue-nats';
import type { LatticeConnection } from '../../lib/lattice';
import { connect } from './lattice';

type Values = Readonly<Record<string, string>>;

let connection: LatticeConnection;
let bucket: string;
beforeAll(async () => {
  connection = await connect();
});
beforeEach(() => {
  bucket = `test-${randomUUID()}`;
});
afterEach(async () => {
  const manager = await connection.nats.jetstreamManager();
  for await (const { config } of manager.streams.list(`$KV.${bucket}.>`)) {
    await manager.streams.delete(config.name);
  }
});
afterAll(() => connection.close());

const provider = (config: Values = {}, pageSize?: number): LocalService =>
  keyvalueNats({ connection: () => connection, config: () => config, ...(pageSize && { pageSize }) });

function context(targetConfig: Values = { bucket, enable_bucket_auto_create: 'true' }): ServiceCallContext {
  return {
    source: 'component',
    linkName: 'default',
    sourceConfig: {},
    targetConfig,
    signal: new AbortController().signal,
  };
}

/** What a component does with its bucket. */
class Client {
  constructor(
    private readonly service: LocalService = provider(),
    private readonly over: ServiceCallContext = context(),
    private readonly identifier = 'default',
  ) {}

  call(where: string, func: string, ...args: unknown[]): Promise<unknown> {
    const id = `wrpc:keyvalue/${where}@0.2.0-draft`;
    return this.service.call(id, func, [this.identifier, ...args], this.over);
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: unknown): string => Buffer.from(value as Uint8Array).toString();

it('serves exactly the interfaces of wasi:keyvalue that it has', () => {
  const service = provider();
  const served = ['store', 'atomics', 'batch', 'watcher'].filter((name) =>
    service.serves(`wrpc:keyvalue/${name}@0.2.0-draft`),
  );
  expect(served).toEqual(['store', 'atomics', 'batch']);
});

it('sets, gets, tells of and deletes values, empty and binary ones too', async () => {
  const client = new Client();
  expect(await client.call('store', 'get', 'key')).toBeUndefined();
  expect(await client.call('store', 'exists', 'key')).toBe(false);
  await client.call('store', 'set', 'key', Uint8Array.of(0, 255, 128));
  expect([...((await client.call('store', 'get', 'key')) as Uint8Array)]).toEqual([0, 255, 128]);
  await client.call('store', 'set', 'key', bytes(''));
  expect(text(await client.call('store', 'get', 'key'))).toBe('');
  expect(await client.call('store', 'exists', 'key')).toBe(true);
  await client.call('store', 'delete', 'key');
  expect(await client.call('store', 'get', 'key')).toBeUndefined();
  expect(await client.call('store', 'exists', 'key')).toBe(false);
  await client.call('store', 'delete', 'never-there');
});

it('lists keys page by page, without those that were deleted', async () => {
  const client = new Client(provider({}, 3));
  expect(await client.call('store', 'list-keys', undefined)).toEqual({ keys: [], cursor: undefined });
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'gone'])
    await client.call('store', 'set', key, bytes(''));
  await client.call('store', 'delete', 'gone');
  const pages: string[][] = [];
  let cursor: bigint | undefined;
  do {
    const page = (await client.call('store', 'list-keys', cursor)) as { keys: string[]; cursor?: bigint };
    pages.push(page.keys);
    // A key that is written meanwhile moves on, and is not lost.
    if (pages.length === 1) await client.call('store', 'set', 'd', bytes('again'));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(pages).toEqual([['a', 'b', 'c'], ['e', 'f', 'g'], ['d']]);
});

it('counts every increment of several hosts at once', async () => {
  const [one, other] = [new Client(provider()), new Client(provider())];
  const results = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      (index % 2 ? one : other).call('atomics', 'increment', 'visits', 2n),
    ),
  );
  expect(new Set(results).size).toBe(60);
  expect(results.reduce((a, b) => ((a as bigint) > (b as bigint) ? a : b))).toBe(120n);
  expect(text(await one.call('store', 'get', 'visits'))).toBe('120');
});

it('counts from 0 again after a deletion, and refuses what is no counter', async () => {
  const client = new Client();
  await client.call('atomics', 'increment', 'visits', 5n);
  await client.call('store', 'delete', 'visits');
  expect(await client.call('atomics', 'increment', 'visits', 1n)).toBe(1n);
  await client.call('store', 'set', 'name', bytes('Ada'));
  await expect(client.call('atomics', 'increment', 'name', 1n)).rejects.toMatchObject({
    payload: { tag: 'other', val: expect.stringContaining('"name" is no counter') as string },
  });
  await client.call('store', 'set', 'full', bytes((2n ** 64n - 1n).toString()));
  await expect(client.call('atomics', 'increment', 'full', 1n)).rejects.toMatchObject({
    payload: { tag: 'other', val: expect.stringContaining('64 bits') as string },
  });
});

it('works on many keys at once, answering in their order', async () => {
  const client = new Client();
  const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
  await client.call(
    'batch',
    'set-many',
    keys.map((key) => [key, bytes(key)]),
  );
  await client.call('batch', 'delete-many', ['key-1', 'key-99', 'never-there']);
  const got = (await client.call('batch', 'get-many', keys)) as ([string, Uint8Array] | undefined)[];
  expect(got.map((entry) => entry && [entry[0], text(entry[1])])).toEqual(
    keys.map((key) => (key === 'key-1' || key === 'key-99' ? undefined : [key, key])),
  );
});

it('opens only the bucket of the link, by the name of either', async () => {
  await new Client().call('store', 'set', 'key', bytes('value'));
  expect(text(await new Client(provider(), context(), bucket).call('store', 'get', 'key'))).toBe('value');
  const other = new Client(provider(), context(), 'LATTICEDATA_default');
  await expect(other.call('store', 'get', 'key')).rejects.toMatchObject({
    payload: { tag: 'no-such-store' },
  });
});

it('takes what a link leaves open from its own configuration', async () => {
  const service = provider({ enable_bucket_auto_create: 'true', bucket: 'overridden' });
  await new Client(service, context({ bucket })).call('store', 'set', 'key', bytes('value'));
  expect(text(await new Client().call('store', 'get', 'key'))).toBe('value');
});

it('creates no bucket unasked, and finds one that is created later', async () => {
  const client = new Client(provider(), context({ bucket }));
  await expect(client.call('store', 'get', 'key')).rejects.toMatchObject({
    payload: { tag: 'no-such-store' },
  });
  await connection.nats.jetstream().views.kv(bucket);
  expect(await client.call('store', 'get', 'key')).toBeUndefined();
});

it('says why it cannot', async () => {
  const failure = (client: Client, key = 'key'): Promise<unknown> =>
    client.call('store', 'set', key, bytes('')).then(
      () => 'nothing',
      ({ payload }: { payload: { val?: string } }) => payload.val,
    );
  expect(await failure(new Client(provider(), context({})))).toContain('targetConfig.bucket: is missing');
  expect(
    await failure(new Client(provider(), context({ bucket, cluster_uri: 'nats://elsewhere' }))),
  ).toContain('Remove cluster_uri');
  expect(await failure(new Client(provider(), context({ bukcet: bucket })))).toContain(
    'targetConfig.bukcet: is no setting here',
  );
  expect(
    await failure(new Client(provider(), context({ bucket, enable_bucket_auto_create: 'yes' }))),
  ).toContain('targetConfig.enable_bucket_auto_create: "yes" is neither true nor false');
  expect(await failure(new Client(), 'bad key')).toBe('invalid key: bad key');
  const away = keyvalueNats({ connection: () => undefined, config: () => ({}) });
  expect(await failure(new Client(away))).toBe('The host is not connected to NATS');
});

it('never deletes more than one key', async () => {
  const client = new Client();
  await client.call('store', 'set', 'one', bytes(''));
  await expect(client.call('store', 'delete', '>')).rejects.toMatchObject({ payload: { tag: 'other' } });
  expect(await client.call('store', 'exists', 'one')).toBe(true);
});
