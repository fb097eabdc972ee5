import {
  type Maker,
  answer,
  argumentsOf,
  cases,
  expectSame,
  functionOf,
  values,
  valuesOf,
} from '../host/conformance/cases';
import { conformant } from '../host/conformance/components';
import { camelCase } from '../../lib/lattice/wrpc/types';
import { MixedLattice } from './mixed-lattice';

let lattice: MixedLattice;
beforeAll(async () => {
  lattice = await MixedLattice.start('values');
}, 180_000);
afterAll(() => lattice?.stop());

describe.each(['core modules', 'JavaScript'] as const)(
  'values of every type, by components of %s',
  (maker: Maker) => {
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
      it.each(cases)('$name', async (each) => {
        const relay = lattice.caller.target(id(host, 'relay'), values) as Record<string, Ask>;
        for (const value of valuesOf(each, maker)) {
          const args = argumentsOf(each, value);
          const answered = await answer(each, relay[camelCase(functionOf(each))]!(...args));
          expectSame(answered, args.length === 0 ? undefined : value);
        }
      });
    });
  },
);

type Ask = (...args: unknown[]) => Promise<unknown>;
