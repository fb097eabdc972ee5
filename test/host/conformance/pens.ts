import { WitError, wit, type Provider } from '../../../lib/provider';

const pen = { own: wit.own('pen'), borrow: wit.borrow('pen') };

/** What the component `desk` imports: pens that somebody else has. */
const pens = wit.iface('test:desk/pens', {
  '[constructor]pen': wit.func([['ink', wit.u32]], pen.own),
  '[method]pen.write': wit.func(
    [
      ['self', pen.borrow],
      ['letters', wit.u32],
    ],
    wit.result(wit.u32, wit.string),
  ),
  '[static]pen.refill': wit.func(
    [
      ['pen', pen.own],
      ['ink', wit.u32],
    ],
    pen.own,
  ),
  inspect: wit.func([['pen', pen.borrow]], wit.u32),
});

/** What of `desk` can be called from elsewhere. */
export const work = wit.iface('test:desk/work', {
  look: wit.func([['pen', pen.borrow]], wit.u32),
  'write-much': wit.func([['letters', wit.u32]], wit.result(wit.u32, wit.string)),
  hold: wit.func([['pen', pen.own]]),
  'give-back': wit.func([], pen.own),
  many: wit.func([['pens', wit.list(pen.own)]], wit.option(pen.own)),
  forge: wit.func([['handle', wit.u32]], wit.u32),
});

/** Serves pens whose handles are of any length; gives what is left in the one of a handle. */
export function servePens(provider: Provider): (handle: Uint8Array) => number {
  const ink = new Map<string, number>();
  const keyOf = (handle: Uint8Array): string => Buffer.from(handle).toString();
  const inkOf = (handle: Uint8Array): number => ink.get(keyOf(handle)) ?? NaN;
  const create = (amount: number): Uint8Array => {
    const key = 'pen '.repeat(50 * ink.size) + String(ink.size);
    ink.set(key, amount);
    return new TextEncoder().encode(key);
  };
  provider.serve(pens, {
    '[constructor]pen': create,
    '[method]pen.write': (self, letters) => {
      const left = inkOf(self) - letters;
      if (left < 0) throw new WitError(`only ${inkOf(self)} letters left`);
      ink.set(keyOf(self), left);
      return left;
    },
    '[static]pen.refill': (old, amount) => create(inkOf(old) + amount),
    inspect: inkOf,
  });
  return inkOf;
}
