import { cases, values } from '../host/conformance/cases';
import { conformant } from '../host/conformance/components';
import { expectEchoes, over } from '../host/conformance/echoes';
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
