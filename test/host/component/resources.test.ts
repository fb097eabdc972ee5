import { compile, instantiate, Trap, type CompiledComponent } from '../../../lib/host/component';
import { ImportMissingError, WitError } from '../../../lib/host/engine/engine';
import { toolchainComponent } from './fixtures';

class Pen {
  gone = false;
  constructor(public ink: number) {}

  write(letters: number): unknown {
    if (letters > this.ink) throw new WitError(`out of ink after ${this.ink}`);
    return (this.ink -= letters);
  }

  static refill(pen: Pen, ink: number): Pen {
    pen.ink += ink;
    return pen;
  }

  [Symbol.dispose](): void {
    this.gone = true;
  }
}

/** A pen that cannot write. */
class Mute {
  static refill = (pen: Pen): Pen => pen;
}

interface Cup {
  size(): number;
  [Symbol.dispose](): void;
}

interface Desk {
  readonly Cup: { new (size: number): Cup; join(a: Cup, b: Cup): Cup };
  measure(cup: Cup): number;
  breakCup(cup: Cup): void;
  broken(): number;
}

interface Work {
  hold(pen: Pen): void;
  giveBack(): Pen;
  look(pen: Pen): number;
  keep(pen: Pen): void;
  forge(handle: number): number;
  dropTwice(pen: Pen): void;
  writeMuch(letters: number): number;
  many(pens: Pen[]): Pen | undefined;
}

const inspect = (pen: Pen): number => pen.ink;

let compiled: CompiledComponent;
beforeAll(async () => {
  compiled = await compile(await toolchainComponent('desk'));
});

async function desk(pens: Record<string, unknown> = { Pen, inspect }) {
  const instance = await instantiate(compiled, { 'test:desk/pens': pens as never });
  return {
    instance,
    cups: instance.exports['test:desk/cups'] as unknown as Desk,
    work: instance.exports['test:desk/work'] as unknown as Work,
  };
}

describe('resources of the host', () => {
  test('belong to the guest until it gives them back', async () => {
    const { work } = await desk();
    const pen = new Pen(1);
    work.hold(pen);
    expect(work.giveBack()).toBe(pen);
    expect(pen).toMatchObject({ ink: 10, gone: false });
  });

  test('are lent for one call', async () => {
    const { work } = await desk();
    const pen = new Pen(7);
    expect([work.look(pen), work.look(pen)]).toEqual([7, 7]);
    expect(pen.gone).toBe(false);
  });

  test('pass in lists; those that the guest drops are disposed of', async () => {
    const { work } = await desk();
    const pens = [1, 2, 3].map((ink) => new Pen(ink));
    expect(work.many(pens)).toBe(pens[0]);
    expect(pens.map((pen) => pen.gone)).toEqual([false, true, true]);
    expect(work.many([])).toBeUndefined();
  });

  test('methods answer with the error case of their result', async () => {
    const { work } = await desk();
    expect(work.writeMuch(4)).toBe(6);
    const failure = new WitError('out of ink after 10');
    expect(() => work.writeMuch(11)).toThrow(failure);
    expect(work.writeMuch(10)).toBe(0);
  });

  test.each([
    ['a handle that it made up', (work: Work) => work.forge(77), /used handle 77/],
    ['a handle twice', (work: Work) => work.dropTwice(new Pen(1)), /used handle 1/],
    [
      'a borrowed handle for longer than the call',
      (work: Work) => work.keep(new Pen(1)),
      /kept a borrowed handle/,
    ],
  ])('a guest that uses %s is ended', async (_, misuse, message) => {
    const { work } = await desk();
    expect(() => misuse(work)).toThrow(Trap);
    expect(() => work.look(new Pen(1))).toThrow(/cannot enter a component instance that has trapped/);
    const again = await desk();
    expect(() => misuse(again.work)).toThrow(message);
  });

  test('only objects of the class are taken for them', async () => {
    const { work } = await desk();
    expect(() => work.look({ ink: 3 } as Pen)).toThrow(/expected an object of class Pen/);
  });

  test('are disposed of with the instance that owns them', async () => {
    const { instance, work } = await desk();
    const pen = new Pen(1);
    work.hold(pen);
    instance.dispose();
    expect(pen.gone).toBe(true);
    expect(() => work.giveBack()).toThrow(/cannot enter/);
  });

  test.each([
    ['an interface', undefined, 'test:desk/pens'],
    ['a class', { inspect }, 'test:desk/pens#pen'],
    ['a function', { Pen }, 'test:desk/pens#inspect'],
    ['a method', { Pen: Mute, inspect }, 'test:desk/pens#[method]pen.write'],
  ])('%s that is missing is named', async (_, pens, name) => {
    const offered = (pens === undefined ? {} : { 'test:desk/pens': pens }) as never;
    const missing = new ImportMissingError(...(name.split('#') as [string, string?]));
    await expect(instantiate(compiled, offered)).rejects.toThrow(missing);
  });

  test('what every object inherits is no offer', async () => {
    const inherited = Object.create({ inspect }) as Record<string, unknown>;
    inherited['Pen'] = Pen;
    await expect(desk(inherited)).rejects.toThrow(ImportMissingError);
  });
});

describe('resources of the guest', () => {
  test('are objects with methods', async () => {
    const { cups } = await desk();
    const cup = new cups.Cup(3);
    expect(cup).toBeInstanceOf(cups.Cup);
    expect([cup.size(), cups.measure(cup)]).toEqual([3, 3]);
  });

  test('are gone once they are given away', async () => {
    const { cups } = await desk();
    const [a, b] = [new cups.Cup(3), new cups.Cup(4)];
    const joined = cups.Cup.join(a, b);
    expect([joined.size(), b.size(), cups.broken()]).toEqual([7, 4, 3]);
    expect(() => a.size()).toThrow(/that is not given away/);
  });

  test('end by their destructor, once', async () => {
    const { cups } = await desk();
    const cup = new cups.Cup(5);
    cup[Symbol.dispose]();
    cup[Symbol.dispose]();
    expect(cups.broken()).toBe(5);
    cups.breakCup(new cups.Cup(6));
    expect(cups.broken()).toBe(11);
  });

  test('of one instance mean nothing to another', async () => {
    const [one, other] = [await desk(), await desk()];
    const cup = new one.cups.Cup(1);
    expect(() => other.cups.measure(cup)).toThrow(/expected a cup of this component/);
  });
});
