import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WitType } from '../../lib/lattice/wrpc/types';
import { wit } from '../../lib/provider';
import { toolchainComponent } from '../host/component/fixtures';
import { cases, interfaceOf, type Maker, values } from '../host/conformance/cases';
import { conformant } from '../host/conformance/components';
import { expectEchoes, over } from '../host/conformance/echoes';
import { servePens, work } from '../host/conformance/pens';
import { randomCases } from '../host/conformance/random-cases';
import { MixedLattice } from './mixed-lattice';

let lattice: MixedLattice;
beforeAll(async () => {
  lattice = await MixedLattice.start('values');
}, 180_000);
afterAll(() => lattice?.stop());

/** Runs both components on both hosts; each of two calls over to the other host. */
async function run(maker: Maker, kind: string, served = values): Promise<void> {
  const { legacy } = lattice;
  const relay = (await conformant(maker, 'relay', served)).wasm;
  const echo = (await conformant(maker, 'echo', served)).wasm;
  await legacy.run(`legacy-echo-${kind}`, echo);
  await lattice.act(`kasm-echo-${kind}`, echo);
  await lattice.observe('actor', `legacy-echo-${kind}`);
  await lattice.act(`kasm-relay-${kind}`, relay);
  await lattice.link(`kasm-relay-${kind}`, `legacy-echo-${kind}`, served.id);
  await legacy.link(`legacy-relay-${kind}`, `kasm-echo-${kind}`, served.id);
  await legacy.run(`legacy-relay-${kind}`, relay);
}

/** In memory, the Wasmtime of wasmCloud 1.9 takes two bytes for one of exactly 256 cases (bytecodealliance/wasmtime#12066). */
function hasEnumOf256(type: WitType): boolean {
  return JSON.stringify(type).includes('"case-n255"]');
}

const directions = [
  ['ours of theirs', 'kasm'],
  ['theirs of ours', 'legacy'],
] as const;

describe('large values, many at once', () => {
  beforeAll(() => run('core modules', 'large'), 600_000);

  it.each(directions)('asked by %s', async (_, host) => {
    const large = cases.filter(({ name }) => ['list-u8', 'string', 'list-string'].includes(name));
    const call = over(lattice.caller, `${host}-relay-large`);
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (const each of large) await expectEchoes(each, 'core modules', call);
      }),
    );
  });
});

describe.each([2, 3])('values of any types, seed %i', (seed) => {
  const some = randomCases(seed, 120).filter(({ type }) => !hasEnumOf256(type));
  const served = interfaceOf(some);
  beforeAll(() => run('core modules', `any${seed}`, served), 600_000);

  it.each(directions)('asked by %s', async (_, host) => {
    const call = over(lattice.caller, `${host}-relay-any${seed}`, served);
    for (const each of some) await expectEchoes(each, 'core modules', call);
  });
});

it.each(['kasm', 'legacy'])('functions of the world itself are served by %s', async (host) => {
  const id = `${host}-rooted`;
  const file = path.join(lattice.dir, `${id}.wasm`);
  writeFileSync(file, await toolchainComponent('rooted'));
  await (host === 'kasm' ? lattice.act(id, file) : lattice.legacy.run(id, file));
  const world = wit.iface('', { next: wit.func([['number', wit.u32]], wit.u32) });
  expect(await lattice.caller.target(id, world).next(41)).toBe(42);
});

describe('resources', () => {
  const ids = ['kasm-desk', 'legacy-desk'];

  beforeAll(async () => {
    const { legacy, caller, dir } = lattice;
    const desk = path.join(dir, 'desk.wasm');
    writeFileSync(desk, await toolchainComponent('desk'));
    servePens(caller);
    await lattice.observe('provider', 'test');
    await lattice.act('kasm-desk', desk);
    await lattice.link('kasm-desk', 'test', 'test:desk/pens');
    await legacy.link('legacy-desk', 'test', 'test:desk/pens');
    await legacy.run('legacy-desk', desk);
  });

  it.each(ids)('of a provider are made, lent and used by %s', async (id) => {
    const desk = lattice.caller.target(id, work);
    const handle = new TextEncoder().encode('0');
    expect(await desk.writeMuch(4)).toBe(6);
    expect(await desk.look(handle)).toBe(6);
    await expect(desk.writeMuch(11)).rejects.toMatchObject({ payload: 'only 10 letters left' });
    await expect(desk.forge(7)).rejects.toMatchObject({ reason: 'Incomplete' });
  });

  // To wasmCloud 1.9 by itself alone: it takes all that follows a handle in a message for a part of it, and waits for its end.
  it('are given to ours by the list', async () => {
    const handles = ['0', '0'].map((text) => new TextEncoder().encode(text));
    expect(await lattice.caller.target('kasm-desk', work).many(handles)).toEqual(handles[0]);
  });

  it('of a component are nobody else’s: ours does not serve them, wasmCloud 1.9 does and fails', async () => {
    const cups = wit.iface('test:desk/cups', {
      '[constructor]cup': wit.func([['size', wit.u32]], wit.own('cup')),
      broken: wit.func([], wit.u32),
    });
    const [kasm, legacy] = ids.map((id) => lattice.caller.target(id, cups));
    expect([await kasm!.broken(), await legacy!.broken()]).toEqual([0, 0]);
    await expect(kasm!['[constructor]cup'](3)).rejects.toMatchObject({ reason: 'NoResponders' });
    await expect(legacy!['[constructor]cup'](3)).rejects.toMatchObject({ reason: 'Incomplete' });
  });
});

// Last: the other host compiles the components of JavaScript for long, with all that the machine has.
describe.each([
  ['core modules', 'core'],
  ['JavaScript', 'js'],
] as const)('values of every type, by components of %s', (maker, kind) => {
  beforeAll(() => run(maker, kind), 600_000);

  describe.each(directions)('asked by %s', (_, host) => {
    it.each(cases)('$name', (each) =>
      expectEchoes(each, maker, over(lattice.caller, `${host}-relay-${kind}`)),
    );
  });
});
