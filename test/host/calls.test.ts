import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import type { ActorRuntime } from '../../lib/host/actor-runtime';
import { LatticeConnection, wit } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { connect } from '../../lib/provider';
import { TcpProxy } from '../integration/tcp-proxy';
import { eventually } from '../integration/eventually';
import { CallHost, mathLink } from './call-host';
import { figure } from './serving';

const ask = 'acme:calls/ask@1.0.0';
const math = wit.iface('acme:calls/math@1.0.0', {
  add: wit.func(
    [
      ['a', wit.u32],
      ['b', wit.u32],
    ],
    wit.u32,
  ),
  echo: wit.func([['text', wit.string]], wit.result(wit.string, wit.string)),
});

const connections: LatticeConnection[] = [];
let nats: Awaited<ReturnType<typeof startNats>>;

async function connection(): Promise<LatticeConnection> {
  const made = await LatticeConnection.connect({ servers: nats.url, tls: nats.client('test') });
  connections.push(made);
  return made;
}

beforeAll(async () => {
  nats = await startNats({ dir: mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'nats-')) });
});
afterAll(async () => {
  for (const each of connections) await each.close();
  await nats.stop();
});

describe.each(['on one host', 'over NATS'])('Two components %s', (where) => {
  let hosts: CallHost[];
  let caller: ActorRuntime;

  beforeAll(async () => {
    const links = [mathLink('caller', 'callee'), mathLink('caller', 'callee', 'other')];
    const first = new CallHost(links, await connection());
    const second = where === 'over NATS' ? new CallHost(links, await connection()) : first;
    hosts = [...new Set([first, second])];
    await second.start('callee', 'callee', { limits: { executionTimeMs: 2_000 } });
    caller = await first.start('caller', 'caller');
  });
  afterAll(async () => {
    for (const host of hosts) await host.stop();
  });

  it('call each other', async () => {
    expect(await caller.call(ask, 'add', [2, 40])).toBe(42);
  });

  it('pass texts and errors', async () => {
    expect(await caller.call(ask, 'echo', ['grüße'])).toBe('grüße');
    await expect(caller.call(ask, 'echo', [''])).rejects.toMatchObject({ payload: 'empty' });
  });

  it('use the link that the caller names, for one call', async () => {
    expect(await caller.call(ask, 'add-over', ['other', 1, 2])).toBe(3);
    await expect(caller.call(ask, 'add-over', ['absent', 1, 2])).rejects.toThrow('link name absent');
    expect(await caller.call(ask, 'add', [1, 2])).toBe(3);
  });

  it.each([
    ['traps', 0],
    ['takes too long', 1],
  ])('fail by name when the called one %s, and serve on', async (_, kind) => {
    await expect(caller.call(ask, 'fault', [kind])).rejects.toMatchObject({ reason: 'Trapped' });
    expect(await caller.call(ask, 'add', [3, 4])).toBe(7);
  });

  it('serve many calls at once', async () => {
    const sums = await Promise.all(
      Array.from({ length: 40 }, (_, index) => caller.call(ask, 'add', [index, index])),
    );
    expect(sums).toEqual(Array.from({ length: 40 }, (_, index) => 2 * index));
  });
});

describe('A call that reaches nobody', () => {
  it('names the link that is missing, and works once it is there', async () => {
    const host = new CallHost([]);
    const caller = await host.start('caller', 'caller');
    await host.start('callee', 'callee');
    await expect(caller.call(ask, 'add', [1, 1])).rejects.toThrow(
      'Component "caller" imports acme:calls/math@1.0.0 but no WasmCloudLink with source caller, package acme:calls, interface math, link name default exists in namespace test',
    );
    host.links.push(mathLink('caller', 'callee'));
    expect(await caller.call(ask, 'add', [1, 1])).toBe(2);
    await host.stop();
  });

  it('says that the target does not export it', async () => {
    const host = new CallHost([mathLink('caller', 'caller')]);
    const caller = await host.start('caller', 'caller');
    await expect(caller.call(ask, 'add', [1, 1])).rejects.toThrow('does not export it');
    await host.stop();
  });

  it('says that nobody serves it, or that NATS is away', async () => {
    const links = [mathLink('caller', 'elsewhere')];
    const lone = new CallHost(links);
    const joined = new CallHost(links, await connection());
    const away = await lone.start('caller', 'caller');
    await expect(away.call(ask, 'add', [1, 1])).rejects.toThrow('while NATS is away');
    const caller = await joined.start('caller', 'caller');
    await expect(caller.call(ask, 'add', [1, 1])).rejects.toThrow('nobody in the lattice serves that');
    await lone.stop();
    await joined.stop();
  });

  it('waits where the link says so, until somebody of the lattice serves it', async () => {
    const link = mathLink('caller', 'late');
    link.spec.activationTimeoutSeconds = 60;
    const [here, there] = [new CallHost([link], await connection()), new CallHost([], await connection())];
    const caller = await here.start('caller', 'caller', { limits: { executionTimeMs: 60_000 } });
    const sum = caller.call(ask, 'add', [40, 2]);
    await eventually('it waits', async () => (await figure('unserved_calls_waiting', 'late')) === 1);
    await there.start('late', 'callee');
    expect(await sum).toBe(42);
    expect(await figure('unserved_calls_waiting', 'late')).toBe(0);
    expect(await figure('unserved_calls_total', 'late')).toBe(1);
    await here.stop();
    await there.stop();
  });
});

it('loses no call while one actor takes the place of another', async () => {
  const links = [mathLink('caller', 'callee')];
  const [here, there] = [new CallHost(links, await connection()), new CallHost(links, await connection())];
  const caller = await here.start('caller', 'caller');
  let current = await there.start('callee', 'callee', { instances: 1 });
  const outcomes: Promise<unknown>[] = [];
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 20; i++) outcomes.push(caller.call(ask, 'add', [i, 1]).then((sum) => sum === i + 1));
    const previous = current;
    current = await there.start('callee', 'callee', { instances: 1 });
    outcomes.push(previous.stop(10_000).then(() => true));
  }
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set([true]));
  await here.stop();
  await there.stop();
});

it('calls go on within a host while NATS is away; others fail by name and work again afterwards', async () => {
  const proxy = await TcpProxy.start(new URL(nats.url.replace(/^\w+:/, 'http:')));
  const server = `tls://127.0.0.1:${proxy.port}`;
  const links = [mathLink('near', 'callee'), mathLink('far', 'elsewhere')];
  const cut = await LatticeConnection.connect({ servers: server, tls: nats.client('test') });
  connections.push(cut);
  const [here, there] = [new CallHost(links, cut), new CallHost(links, await connection())];
  const [near, far] = [await here.start('near', 'caller'), await here.start('far', 'caller')];
  await here.start('callee', 'callee');
  await there.start('elsewhere', 'callee');
  expect(await far.call(ask, 'add', [1, 1])).toBe(2);
  proxy.refuse(true);
  proxy.cut();
  while (cut.connected) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await near.call(ask, 'add', [2, 2])).toBe(4);
  await expect(far.call(ask, 'add', [2, 2])).rejects.toThrow('while NATS is away');
  proxy.refuse(false);
  while (!cut.connected) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await far.call(ask, 'add', [3, 3])).toBe(6);
  await here.stop();
  await there.stop();
  await proxy.stop();
});

describe('A provider and a component', () => {
  it('call each other', async () => {
    const host = new CallHost([mathLink('caller', 'calculator')], await connection());
    const provider = await connect({
      nats: nats.url,
      tls: nats.client('test'),
      lattice: 'lattice',
      id: 'calculator',
    });
    provider.serve(math, { add: (a, b) => a + b + 100 });
    const caller = await host.start('caller', 'caller');
    await host.start('callee', 'callee');
    expect(await caller.call(ask, 'add', [1, 2])).toBe(103);
    const callee = provider.target('callee', math);
    expect(await callee.add(1, 2)).toBe(3);
    await expect(callee.echo('')).rejects.toMatchObject({ payload: 'empty' });
    await host.remove('callee');
    await expect(callee.add(1, 2)).rejects.toMatchObject({ reason: 'NoResponders' });
    await provider.close();
    await host.stop();
  });
});
