import { randomUUID } from 'node:crypto';
import type { Msg } from 'nats';
import type { LatticeConnection } from '../../lib/lattice/connection';
import { WrpcClient } from '../../lib/lattice/wrpc/client';
import { type Handler, WrpcServer } from '../../lib/lattice/wrpc/server';
import type { WitFunction } from '../../lib/lattice/wrpc/types';
import * as wit from '../../lib/lattice/wrpc/wit';
import { eventually } from './eventually';
import { connect } from './lattice';

/** The messages that peers of another implementation send and expect, one by one. */

const lattice = `t${randomUUID().slice(0, 8)}`;
const id = 'peer';
const subject = `${lattice}.${id}.wrpc.0.0.1.a:b/c@0.1.0.run`;
const { func, future, list, result, stream, string, u32, u8 } = wit;
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

let ours: LatticeConnection;
let foreign: LatticeConnection['nats'];
let connection: LatticeConnection;
/** What the foreign peer received, `subject: payload in hex`, its own address cut to `I`. */
let seen: string[];
let messages: Msg[];
const inbox = '_INBOX.RUSTRUSTRUSTRUSTRUSTRU.CALLCALLCALLCALLCALLCA';

beforeAll(async () => {
  [ours, connection] = await Promise.all([connect(), connect()]);
  foreign = connection.nats;
  foreign.subscribe(`${inbox}.>`, { callback: (_, message) => record(message) });
  foreign.subscribe(inbox, { callback: (_, message) => record(message) });
  await foreign.flush();
});
afterAll(() => Promise.all([ours.close(), connection.close()]));
beforeEach(() => {
  seen = [];
  messages = [];
});

function record(message: Msg): void {
  seen.push(`${message.subject.replace(inbox, 'I')}: ${Buffer.from(message.data).toString('hex')}`);
  messages.push(message);
}

describe('a server of ours', () => {
  let server: WrpcServer;
  beforeEach(() => (server = new WrpcServer(ours, { lattice, id })));
  afterEach(() => server.drain(0));

  async function serve(signature: WitFunction, handler: Handler): Promise<void> {
    server.serve('a:b/c@0.1.0', 'run', signature, handler);
    await ours.nats.flush();
  }

  it('accepts, answers and ends', async () => {
    await serve(func([['n', u32]], u32), async (n) => n);
    foreign.publish(subject, hex('ac02'), { reply: inbox });
    await eventually('the answer is complete', () => seen.length === 3);
    expect(seen).toEqual(['I: ', 'I.results: ac02', 'I.results: ']);
    expect(messages[0]?.reply).toMatch(/^_INBOX\..+\..+/);
    expect(messages[0]?.headers).toBeUndefined();
    expect(messages[1]?.reply).toBeFalsy();
  });

  it('accepts a call that it has whole with the answer, not before: a slow caller could miss it', async () => {
    let answer: (n: number) => void = () => undefined;
    const asked = jest.fn(() => new Promise<number>((resolve) => (answer = resolve)));
    await serve(func([['n', u32]], u32), asked);
    foreign.publish(subject, hex('01'), { reply: inbox });
    await eventually('it runs', () => asked.mock.calls.length === 1);
    await ours.nats.flush();
    await foreign.flush();
    expect(seen).toEqual([]);
    answer(2);
    await eventually('the answer is complete', () => seen.length === 3);
    expect(seen).toEqual(['I: ', 'I.results: 02', 'I.results: ']);
  });

  it('answers a function of no parameters at once, and one without a result by the end alone', async () => {
    await serve(func([]), () => undefined);
    foreign.publish(subject, undefined, { reply: inbox });
    await eventually('the answer is complete', () => seen.length === 2);
    expect(seen).toEqual(['I: ', 'I.results: ']);
  });

  it('puts parameters together from any pieces', async () => {
    await serve(
      func(
        [
          ['text', string],
          ['n', u32],
        ],
        string,
      ),
      (text, n) => `${String(text)}${String(n)}`,
    );
    foreign.publish(subject, hex('0568'), { reply: inbox });
    await eventually('it accepts', () => messages[0]?.reply);
    const params = `${messages[0]?.reply}.params`;
    for (const piece of ['656c', '6c', '6fac', '02', '']) foreign.publish(params, hex(piece));
    await eventually('the answer is complete', () => seen.length === 3);
    expect(seen[1]).toBe(`I.results: 08${Buffer.from('hello300').toString('hex')}`);
  });

  it('takes a body and trailers on their paths, and streams its own', async () => {
    const side = wit.record({ body: stream(u8), trailers: future(wit.option(string)), name: string });
    await serve(func([['request', side]], result(side, string)), (request) => request);
    foreign.publish(subject, hex('00000178'), { reply: inbox });
    await eventually('it accepts', () => messages[0]?.reply);
    const params = `${messages[0]?.reply}.params`;
    foreign.publish(params);
    // A chunk in two messages, one with two chunks, the end; an empty message on a path above, as Rust writers leave behind.
    for (const piece of ['03aa', 'bbcc', '01dd01ee', '00', '']) foreign.publish(`${params}.0.0`, hex(piece));
    foreign.publish(`${params}.0`);
    for (const piece of ['010179', '']) foreign.publish(`${params}.0.1`, hex(piece));
    await eventually('both channels end', () =>
      ['I.results.0.0: ', 'I.results.0.1: '].every((end) => seen.includes(end)),
    );
    expect(seen.slice(0, 3)).toEqual(['I: ', 'I.results: 0000000178', 'I.results: ']);
    const on = (path: string): string =>
      seen
        .filter((line) => line.startsWith(`I.results.${path}: `))
        .map((line) => line.split(': ')[1])
        .join('|');
    expect(on('0.0')).toBe('01aa|02bbcc|01dd|01ee|00|');
    expect(on('0.1')).toBe('010179|');
  });

  it('reads a stream and a future that are inside the value', async () => {
    await serve(
      func(
        [
          ['body', stream(u8)],
          ['later', future(u32)],
        ],
        list(u8),
      ),
      async (body, later) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
        return Uint8Array.of(...Buffer.concat(chunks), (await later) as number);
      },
    );
    foreign.publish(subject, hex('02010201 07'.replace(' ', '')), { reply: inbox });
    await eventually('it accepts', () => messages[0]?.reply);
    foreign.publish(`${messages[0]?.reply}.params`);
    await eventually('the answer is complete', () => seen.length === 3);
    expect(seen[1]).toBe('I.results: 03010207');
  });

  it('answers with nothing but a future before that is known', async () => {
    let settle: (n: number) => void = () => undefined;
    const later = new Promise<number>((resolve) => (settle = resolve));
    await serve(func([['n', u32]], result(future(u32), string)), async () => () => later);
    foreign.publish(subject, hex('01'), { reply: inbox });
    await eventually('it answers', () => seen.length === 3);
    expect(seen).toEqual(['I: ', 'I.results: 0000', 'I.results: ']);
    settle(300);
    await eventually('the future ends', () => seen.length === 5);
    expect(seen.slice(3)).toEqual(['I.results.0: ac02', 'I.results.0: ']);
  });

  it('says by the end alone that it failed', async () => {
    await serve(func([['n', u32]], u32), () => Promise.reject(new Error('bug')));
    foreign.publish(subject, hex('01'), { reply: inbox });
    await eventually('the call is over', () => seen.length === 2);
    expect(seen).toEqual(['I: ', 'I.results: ']);
  });

  it('does not run a call whose parameters end early', async () => {
    const handler = jest.fn();
    await serve(func([['text', string]]), handler);
    foreign.publish(subject, hex('0568'), { reply: inbox });
    await eventually('it accepts', () => messages[0]?.reply);
    foreign.publish(`${messages[0]?.reply}.params`);
    await eventually('the call is over', () => seen.includes('I.results: '));
    expect(handler).not.toHaveBeenCalled();
  });
});

describe('a client of ours', () => {
  const peerInbox = `${inbox}.S`;
  let invocations: Msg[];

  /** Serves as another implementation does: `answer` is called with the caller's address. */
  async function foreignServer(answer: (caller: string) => void): Promise<() => Promise<void>> {
    invocations = [];
    const subscription = foreign.subscribe(subject, {
      queue: `${lattice}.${id}`,
      callback: (_, message) => {
        invocations.push(message);
        answer(message.reply ?? '');
      },
    });
    await foreign.flush();
    return () => subscription.drain();
  }

  const call = (signature: WitFunction, args: unknown[], deadlineMs = 5_000): Promise<unknown> =>
    new WrpcClient(ours, { headers: { 'source-id': 'caller' } }).bind(
      { lattice, id },
      'a:b/c@0.1.0',
      'run',
      signature,
    )(args, { deadlineMs });

  it('ends its parameters where it was told, and takes the result from any pieces', async () => {
    const stop = await foreignServer((caller) => {
      foreign.publish(caller, undefined, { reply: peerInbox });
      void eventually('the parameters end', () => seen.includes('I.S.params: ')).then(() => {
        for (const piece of ['0568', '65', '6c6c6f', '']) foreign.publish(`${caller}.results`, hex(piece));
      });
    });
    await expect(call(func([['n', u32]], string), [300])).resolves.toBe('hello');
    expect(Buffer.from(invocations[0]?.data ?? []).toString('hex')).toBe('ac02');
    expect(invocations[0]?.headers?.get('source-id')).toBe('caller');
    expect(seen).toEqual(['I.S.params: ']);
    await stop();
  });

  it('sends streams without waiting for a reader that does not confirm', async () => {
    const stop = await foreignServer((caller) => {
      foreign.publish(caller, undefined, { reply: peerInbox });
      void eventually('the body ends', () => seen.includes('I.S.params.0: ')).then(() => {
        foreign.publish(`${caller}.results`, hex('2a'));
        foreign.publish(`${caller}.results`);
      });
    });
    const body = (async function* () {
      for (let at = 0; at < 40; at++) yield new Uint8Array(100_000);
    })();
    await expect(call(func([['body', stream(u8)]], u32), [body])).resolves.toBe(42);
    const received = messages.filter((message) => message.subject.endsWith('.params.0'));
    const size = received.reduce((sum, message) => sum + message.data.length, 0);
    expect(size).toBe(40 * 100_003 + 1);
    await stop();
  });

  it.each<[string, string, (caller: string) => void]>([
    ['an end before the result', 'Incomplete', (caller) => foreign.publish(`${caller}.results`)],
    [
      'a result that is cut',
      'Incomplete',
      (caller) => ['05', ''].forEach((piece) => foreign.publish(`${caller}.results`, hex(piece))),
    ],
    [
      'bytes after the result',
      'Malformed',
      (caller) => ['0161ff', ''].forEach((piece) => foreign.publish(`${caller}.results`, hex(piece))),
    ],
    ['an acceptance without an address', 'Refused', (caller) => foreign.publish(caller)],
    ['silence', 'DeadlineExceeded', () => undefined],
  ])('fails on %s: %s', async (_, reason, answer) => {
    const stop = await foreignServer((caller) => {
      if (reason !== 'Refused') foreign.publish(caller, undefined, { reply: peerInbox });
      answer(caller);
    });
    await expect(call(func([], string), [], 300)).rejects.toMatchObject({ reason });
    await stop();
  });
});

it('calls fail at once, not late, when the connection breaks, and work again after it', async () => {
  const lost = await connect();
  const server = new WrpcServer(ours, { lattice, id: 'slow' });
  const signature = func([['wait', wit.bool]], u32);
  server.serve('', 'run', signature, (wait) => (wait ? new Promise(() => undefined) : 1));
  await ours.nats.flush();
  const run = new WrpcClient(lost).bind({ lattice, id: 'slow' }, '', 'run', signature);
  const waiting = run([true], { deadlineMs: 60_000 });
  waiting.catch(() => undefined);
  await eventually('the call arrived', () => server.active === 1);

  const changes: boolean[] = [];
  lost.onConnected((connected) => changes.push(connected));
  await lost.nats.reconnect();
  await expect(waiting).rejects.toMatchObject({ reason: 'Disconnected' });
  await eventually('it is connected again', () => lost.connected);
  expect(changes).toEqual([false, true]);
  await expect(run([false])).resolves.toBe(1);
  await server.drain(0);
  await lost.close();
  await expect(run([false])).rejects.toMatchObject({ reason: 'Disconnected' });
});
