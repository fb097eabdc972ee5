import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { wit } from '../../lib/provider';
import { toolchainComponent } from '../host/component/fixtures';
import { cases, values } from '../host/conformance/cases';
import { conformant } from '../host/conformance/components';
import { expectEchoes, over } from '../host/conformance/echoes';
import { servePens, work } from '../host/conformance/pens';
import { MixedLattice } from './mixed-lattice';

let lattice: MixedLattice;
beforeAll(async () => {
  lattice = await MixedLattice.start('values');
}, 180_000);
afterAll(() => lattice?.stop());

describe.each(['core modules', 'JavaScript'] as const)(
  'values of every type, by components of %s',
  (maker) => {
    const id = (host: string, name: string): string =>
      `${host}-${name}-${maker === 'JavaScript' ? 'js' : 'core'}`;

    beforeAll(async () => {
      const { legacy } = lattice;
      const [relay, echo] = [(await conformant(maker, 'relay')).wasm, (await conformant(maker, 'echo')).wasm];
      await legacy.run(id('legacy', 'echo'), echo);
      await lattice.act(id('kasm', 'echo'), echo);
      await lattice.observe('actor', id('legacy', 'echo'));
      await lattice.act(id('kasm', 'relay'), relay);
      await lattice.link(id('kasm', 'relay'), id('legacy', 'echo'), values.id);
      await legacy.link(id('legacy', 'relay'), id('kasm', 'echo'), values.id);
      await legacy.run(id('legacy', 'relay'), relay);
    }, 600_000);

    describe.each([
      ['ours of theirs', 'kasm'],
      ['theirs of ours', 'legacy'],
    ])('asked by %s', (_, host) => {
      it.each(cases)('$name', (each) => expectEchoes(each, maker, over(lattice.caller, id(host, 'relay'))));
    });
  },
);

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
