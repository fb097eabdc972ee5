import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import type { ActorRuntime } from '../../lib/host/actor-runtime';
import { LatticeConnection } from '../../lib/lattice';
import { startNats } from '../../lib/local/nats';
import { CallHost, callLink } from './call-host';
import { cases, interfaceOf, values } from './conformance/cases';
import { conformant } from './conformance/components';
import { expectEchoes } from './conformance/echoes';
import { randomCases } from './conformance/random-cases';

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

it('values of any types between two components over NATS', async () => {
  const cases = randomCases(1, 60);
  const served = interfaceOf(cases);
  const links = [callLink('relay', 'echo', values.id)];
  const [here, there] = [new CallHost(links, await connection()), new CallHost(links, await connection())];
  await there.run('echo', await conformant('core modules', 'echo', served));
  const relay = await here.run('relay', await conformant('core modules', 'relay', served));
  for (const each of cases)
    await expectEchoes(each, 'core modules', (func, args) => relay.call(served.id, func, args));
  await here.stop();
  await there.stop();
}, 180_000);

describe.each([
  ['JavaScript', 'on one host'],
  ['JavaScript', 'over NATS'],
  ['core modules', 'on one host'],
  ['core modules', 'over NATS'],
] as const)('values of every type between two components of %s %s', (maker, where) => {
  const hosts: CallHost[] = [];
  let relay: ActorRuntime;

  beforeAll(async () => {
    const links = [callLink('relay', 'echo', values.id)];
    const here = new CallHost(links, await connection());
    const there = where === 'over NATS' ? new CallHost(links, await connection()) : here;
    hosts.push(...new Set([here, there]));
    await there.run('echo', await conformant(maker, 'echo'), { instances: 1 });
    relay = await here.run('relay', await conformant(maker, 'relay'), { instances: 1 });
  }, 300_000);
  afterAll(async () => {
    for (const host of hosts) await host.stop();
  });

  it.each(cases)('$name', (each) =>
    expectEchoes(each, maker, (func, args) => relay.call(values.id, func, args)),
  );
});
