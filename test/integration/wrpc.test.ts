import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { LatticeConnection } from '../../lib/lattice/connection';
import { WrpcClient, type CallOptions } from '../../lib/lattice/wrpc/client';
import type { CallContext } from '../../lib/lattice/wrpc/context';
import { WitError } from '../../lib/lattice/wrpc/errors';
import { type Handler, WrpcServer } from '../../lib/lattice/wrpc/server';
import type { WitFunction } from '../../lib/lattice/wrpc/types';
import * as wit from '../../lib/lattice/wrpc/wit';
import { eventually } from './eventually';
import { connect } from './lattice';

const lattice = `t${randomUUID().slice(0, 8)}`;
const instance = 'kasm:test/calls@0.1.0';
const { func, future, list, option, record, result, stream, string, tuple, u32, u64, u8 } = wit;

let ours: LatticeConnection;
let theirs: LatticeConnection;
let client: WrpcClient;
let server: WrpcServer;
let id: string;

beforeAll(async () => {
  [ours, theirs] = await Promise.all([connect(), connect()]);
});
afterAll(() => Promise.all([ours.close(), theirs.close()]));
beforeEach(() => {
  id = `c${randomUUID().slice(0, 8)}`;
  client = new WrpcClient(ours, { headers: { 'source-id': 'caller' }, deadlineMs: 10_000 });
  server = new WrpcServer(theirs, { lattice, id });
});
afterEach(async () => {
  await server.drain(0);
  // No call may stay in an inbox once it is over.
  await eventually('no call is left', () => ours.inbox.size + theirs.inbox.size === 0);
});

/** Serves a function, and gives a way to call it from the other connection. */
async function serve(
  signature: WitFunction,
  handler: Handler,
): Promise<(...args: unknown[]) => Promise<unknown>> {
  server.serve(instance, 'run', signature, handler);
  await theirs.nats.flush();
  return (...args) => call(signature, args);
}

function call(signature: WitFunction, args: unknown[], options?: CallOptions): Promise<unknown> {
  return client.bind({ lattice, id }, instance, 'run', signature)(args, options);
}

async function* counting(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) yield new Uint8Array(size).fill(at);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const sizeOf = (chunks: Uint8Array[]): number => chunks.reduce((size, chunk) => size + chunk.length, 0);

describe('calls', () => {
  it('carry arguments and a result', async () => {
    const add = await serve(
      func(
        [
          ['a', u32],
          ['b', u32],
        ],
        u32,
      ),
      (a, b) => (a as number) + (b as number),
    );
    await expect(add(40, 2)).resolves.toBe(42);
  });

  it('take and give nothing', async () => {
    const seen: unknown[] = [];
    const touch = await serve(func([]), (...args) => void seen.push(args.length));
    await expect(touch()).resolves.toBeUndefined();
    expect(seen).toEqual([1]);
  });

  it('return the ok and throw the err of a result', async () => {
    const signature = func([['fail', wit.bool]], result(string, record({ code: u32 })));
    const run = await serve(signature, async (fail) => {
      if (fail) throw new WitError({ code: 7 });
      return 'fine';
    });
    await expect(run(false)).resolves.toBe('fine');
    await expect(run(true)).rejects.toMatchObject({ name: 'WitError', payload: { code: 7 } });
  });

  it('say who calls, over which link, within which trace', async () => {
    let context: CallContext | undefined;
    const signature = func([]);
    await serve(signature, (given) => {
      context = given as CallContext;
    });
    const bound = client.bind({ lattice, id }, instance, 'run', signature, { 'link-name': 'backup' });
    await bound([], { headers: { traceparent: '00-1-2-01' } });
    expect(context).toMatchObject({ source: 'caller', linkName: 'backup' });
    expect(context?.header('traceparent')).toBe('00-1-2-01');
  });

  it('carry 10 MB of parameters and results in pieces', async () => {
    const echo = await serve(func([['data', list(u8)]], list(u8)), (data) => data);
    const data = new Uint8Array(10_000_000).map((_, at) => at % 251);
    expect(Buffer.compare((await echo(data)) as Uint8Array, data)).toBe(0);
  });

  it('carry parameters of every size around the largest message', async () => {
    const length = await serve(
      func(
        [
          ['data', list(u8)],
          ['more', option(string)],
        ],
        u32,
      ),
      (data) => (data as Uint8Array).length,
    );
    const most = ours.nats.info?.max_payload ?? 0;
    for (const size of [
      most / 2 - 5,
      most / 2,
      most - 400,
      ...Array.from({ length: 80 }, (_, at) => most - 80 + at),
      2 * most + 1,
    ]) {
      await expect(length(new Uint8Array(size), 'x')).resolves.toBe(size);
    }
  });

  it('carry values in as many messages as a server of NATS wants that takes small ones only', async () => {
    const echo = await serve(func([['text', string]], string), (text) => text);
    const infos = [ours, theirs].map(({ nats }) => nats.info as { max_payload: number });
    const before = infos.map((info) => info.max_payload);
    for (const info of infos) info.max_payload = 1_000;
    for (const size of [990, 1_000, 1_001, 5_000, 65_000, 70_000]) {
      await expect(echo('x'.repeat(size))).resolves.toHaveLength(size);
    }
    infos.forEach((info, at) => (info.max_payload = before[at]!));
  });

  it('run side by side, each with its own answer', async () => {
    const slowly = await serve(func([['n', u32]], u32), async (n) => {
      await delay((n as number) % 7);
      return n;
    });
    const numbers = Array.from({ length: 500 }, (_, at) => at);
    await expect(Promise.all(numbers.map((n) => slowly(n)))).resolves.toEqual(numbers);
  });

  it('are shared between replicas', async () => {
    const signature = func([], string);
    await serve(signature, () => 'first');
    const replica = new WrpcServer(ours, { lattice, id });
    replica.serve(instance, 'run', signature, () => 'second');
    await ours.nats.flush();
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(signature, [])));
    expect(new Set(answers)).toEqual(new Set(['first', 'second']));
    await replica.drain();
  });
});

describe('streams and futures', () => {
  const transform = func(
    [['body', stream(u8)]],
    record({ body: stream(u8), trailers: future(option(string)) }),
  );

  it('flow both ways at once', async () => {
    const run = await serve(transform, (body) => ({ body, trailers: Promise.resolve('done') }));
    const answer = (await run(counting(64, 100_000))) as {
      body: AsyncIterable<Uint8Array>;
      trailers: Promise<string>;
    };
    const hash = createHash('sha256');
    for await (const chunk of answer.body) hash.update(chunk);
    const expected = createHash('sha256');
    for await (const chunk of counting(64, 100_000)) expected.update(chunk);
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
    await expect(answer.trailers).resolves.toBe('done');
  });

  it('can be empty, and futures can be nothing', async () => {
    const run = await serve(transform, (body) => ({ body, trailers: undefined }));
    const answer = (await run(new Uint8Array(0))) as {
      body: AsyncIterable<Uint8Array>;
      trailers: Promise<unknown>;
    };
    await expect(collect(answer.body)).resolves.toEqual([]);
    await expect(answer.trailers).resolves.toBeUndefined();
  });

  it('carry items of any type, and lists of streams', async () => {
    const item = record({ key: string, value: option(u64) });
    const run = await serve(func([['all', list(stream(item))]], tuple(stream(string), u32)), async (all) => {
      const items = await Promise.all((all as AsyncIterable<{ key: string }>[]).map(collect));
      return [items.flat().map(({ key }) => key), items.length];
    });
    const [keys, count] = (await run([
      [{ key: 'a', value: 1n }, { key: 'b'.repeat(5000) }],
      [],
      [{ key: 'c' }],
    ])) as [AsyncIterable<string>, number];
    expect(count).toBe(3);
    await expect(collect(keys)).resolves.toEqual(['a', 'b'.repeat(5000), 'c']);
  });

  it('wait for a slow reader, instead of filling its memory', async () => {
    let written = 0;
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          written += 65_536;
          yield new Uint8Array(65_536);
        }
      } finally {
        closed = true;
      }
    }
    const run = await serve(func([], stream(u8)), () => endless());
    const body = ((await run()) as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await body.next();
    await delay(200);
    expect(written).toBeLessThan(4 << 20);
    const before = written;
    for (let read = 0; read < before + (1 << 20);) read += ((await body.next()).value as Uint8Array).length;
    await eventually('more is written', () => written > before);
    await body.return?.();
    await eventually('the writer learns that nobody reads', () => closed);
  });

  it('fail alone when their source fails', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1);
      throw new Error('disk gone');
    }
    const run = await serve(transform, () => ({ body: broken(), trailers: 'fine' }));
    const answer = (await run([])) as { body: AsyncIterable<Uint8Array>; trailers: Promise<unknown> };
    await expect(collect(answer.body)).rejects.toMatchObject({ reason: 'Incomplete' });
    await expect(answer.trailers).resolves.toBe('fine');
  });

  it('that the handler leaves unread end with the call', async () => {
    const run = await serve(func([['body', stream(u8)]], u32), () => 1);
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* counting(1000, 65_536);
      } finally {
        closed = true;
      }
    }
    await expect(run(source())).resolves.toBe(1);
    await eventually('the source is closed', () => closed);
  });

  it('end early for the reader when the caller gives up', async () => {
    let failure: unknown;
    const signature = func([['body', stream(u8)]], u32);
    await serve(signature, async (body) => {
      const chunks = await collect(body as AsyncIterable<Uint8Array>).catch(
        (error: unknown) => (failure = error),
      );
      return sizeOf(chunks as Uint8Array[]);
    });
    async function* slow(): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield new Uint8Array(10);
        await delay(5);
      }
    }
    const abort = new AbortController();
    const promise = call(signature, [slow()], { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(promise).rejects.toMatchObject({ reason: 'Aborted' });
    expect(await eventually('the reader fails', () => failure)).toMatchObject({ reason: 'Incomplete' });
  });
});

describe('failures', () => {
  const nothing = func([], u32);

  it('tell that nobody serves the function', async () => {
    await expect(call(nothing, [])).rejects.toMatchObject({
      reason: 'NoResponders',
      message: expect.stringContaining(`${lattice}.${id}.wrpc.0.0.1.${instance}.run`) as string,
    });
  });

  it('tell that no result came in time', async () => {
    let signal: AbortSignal | undefined;
    await serve(nothing, (context) => {
      signal = (context as CallContext).signal;
      return new Promise(() => undefined);
    });
    await expect(call(nothing, [], { deadlineMs: 50 })).rejects.toMatchObject({
      reason: 'DeadlineExceeded',
      message: expect.stringContaining('within 50 ms') as string,
    });
    await server.drain(0);
    expect(signal?.aborted).toBe(true);
  });

  it.each<[string, Handler]>([
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
    ['rejects', () => Promise.reject(new Error('bug'))],
    ['returns what is not of the type', () => 'text'],
  ])('end the call when the handler %s', async (_, handler) => {
    const run = await serve(nothing, handler);
    await expect(run()).rejects.toMatchObject({ reason: 'Incomplete' });
  });

  it('name the argument that is wrong, before anything is sent', async () => {
    await expect(call(func([['key', string]]), [1])).rejects.toMatchObject({
      reason: 'InvalidArgument',
      message: 'key: expected a string, got number 1',
    });
  });

  it('refuse values over the limit on either side', async () => {
    const signature = func([['data', list(u8)]], list(u8));
    server = new WrpcServer(theirs, { lattice, id, limits: { maxValueBytes: 2_000_000 } });
    const echo = await serve(signature, (data) => data);
    await expect(echo(new Uint8Array(3_000_000))).rejects.toMatchObject({ reason: 'Incomplete' });
    client = new WrpcClient(ours, { limits: { maxValueBytes: 1_000_000 } });
    await expect(call(signature, [new Uint8Array(1_500_000)])).rejects.toMatchObject({ reason: 'TooLarge' });
  });

  it('refuse at once what is more than the server may hold', async () => {
    server = new WrpcServer(theirs, { lattice, id, maxConcurrent: 2, maxWaiting: 3 });
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    await serve(nothing, () => gate.then(() => 1));
    const calls = Array.from({ length: 8 }, () => call(nothing, []));
    const settled = Promise.allSettled(calls);
    await eventually('the server is full', () => server.active === 5);
    open();
    const reasons = (await settled).map((one) =>
      one.status === 'fulfilled' ? 'ok' : (one.reason as { reason: string }).reason,
    );
    expect(reasons.filter((reason) => reason === 'ok')).toHaveLength(5);
    expect(reasons.filter((reason) => reason === 'Refused')).toHaveLength(3);
  });

  it('survive peers that talk nonsense', async () => {
    const run = await serve(func([['text', string]], string), (text) => text);
    const subject = `${lattice}.${id}.wrpc.0.0.1.${instance}.run`;
    ours.nats.publish(subject, Uint8Array.of(1, 0xff), { reply: 'somewhere' });
    ours.nats.publish(subject, Uint8Array.of(9, 9));
    ours.nats.publish(subject, Uint8Array.of(1, 97, 97), { reply: 'somewhere' });
    await expect(run('still here')).resolves.toBe('still here');
  });
});

describe('draining', () => {
  it('finishes what runs and takes nothing new', async () => {
    const signature = func([], string);
    let finish = (_: string): void => undefined;
    let calls = 0;
    // A call that is on its way when draining begins is still answered.
    const run = await serve(signature, () =>
      calls++ === 0 ? new Promise((resolve) => (finish = resolve)) : 'late',
    );
    const running = run();
    await eventually('the call runs', () => server.active === 1);
    const drained = server.drain();
    await eventually('new calls find nobody', () =>
      run().catch((error: { reason: string }) => error.reason === 'NoResponders'),
    );
    finish('finished');
    await expect(running).resolves.toBe('finished');
    await drained;
  });

  it('ends what takes too long', async () => {
    const run = await serve(func([], string), () => new Promise(() => undefined));
    const running = run();
    running.catch(() => undefined);
    await eventually('the call runs', () => server.active === 1);
    await server.drain(20);
    await expect(running).rejects.toMatchObject({ reason: 'Incomplete' });
  });
});
