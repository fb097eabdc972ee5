import fc from 'fast-check';
import { type ShareOptions, shares } from '../../../lib/placement/shares';

const weights = (...values: (number | undefined)[]): ShareOptions[] => values.map((weight) => ({ weight }));

describe('what wadm asserts of its arithmetic', () => {
  test.each<[string, number, ShareOptions[], number[]]>([
    ['one spread takes all', 1, weights(100), [1]],
    ['equal weights', 10, weights(100, 100), [5, 5]],
    ['the larger remainder goes to the larger weight', 7, weights(30, 40), [3, 4]],
    ['7 over equal weights', 7, weights(100, 100), [4, 3]],
    ['weights left out', 10, weights(undefined, undefined), [5, 5]],
    ['103 over 42, 3, 37 and 384', 103, weights(42, 3, 37, 384), [10, 0, 8, 85]],
    ['103 over 42, 3 and 37', 103, weights(42, 3, 37), [53, 3, 47]],
    ['412 over 50, 25 and 25', 412, weights(50, 25, 25), [206, 103, 103]],
    ['9 over thirds', 9, weights(33, 33, 33), [3, 3, 3]],
    ['12 over 25, 25 and 50', 12, weights(25, 25, 50), [3, 3, 6]],
  ])('%s', (_, total, groups, expected) => expect(shares(total, groups)).toEqual(expected));
});

describe('bounds', () => {
  test.each<[string, number, ShareOptions[], number[]]>([
    ['a min is taken from the others by weight', 10, [{ weight: 1, min: 4 }, { weight: 9 }], [4, 6]],
    ['what a max leaves goes to the others by weight', 12, [{ max: 2 }, {}, {}], [2, 5, 5]],
    ['a min beside a max', 10, [{ max: 1 }, { weight: 10, min: 4 }, {}], [1, 4, 5]],
    ['all at their max', 10, [{ max: 2 }, { max: 3 }], [2, 3]],
    ['mins that ask for more than there is', 3, [{ min: 4 }, { min: 2 }], [2, 1]],
    ['weight 0 gets only its min', 5, [{ weight: 0, min: 1 }, {}], [1, 4]],
    ['nothing but weights of 0', 5, weights(0, 0), [0, 0]],
    ['none', 0, [{ min: 3 }, {}], [0, 0]],
    ['a min above its max', 5, [{ min: 4, max: 2 }, {}], [2, 3]],
  ])('%s', (_, total, groups, expected) => expect(shares(total, groups)).toEqual(expected));
});

const group = fc.record({
  weight: fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined }),
  min: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
  max: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
});

test('never more than the total, and less only where no group could take more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), fc.array(group, { minLength: 1 }), (total, groups) => {
      const result = shares(total, groups);
      const sum = result.reduce((a, b) => a + b, 0);
      expect(sum).toBeLessThanOrEqual(total);
      if (sum < total) {
        for (const [i, { weight = 100, max = Infinity }] of groups.entries())
          expect(weight === 0 || result[i]! >= max).toBe(true);
      }
      const mins = groups.map(({ min = 0, max = Infinity }) => Math.min(min, max));
      for (const [i, amount] of result.entries()) {
        expect(amount).toBeLessThanOrEqual(groups[i]!.max ?? Infinity);
        if (mins.reduce((a, b) => a + b, 0) <= total) expect(amount).toBeGreaterThanOrEqual(mins[i]!);
      }
    }),
  );
});

test('of two unbounded groups the heavier gets no less', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), fc.array(group, { minLength: 2 }), (total, groups) => {
      const result = shares(total, groups);
      const free = groups.flatMap(({ weight = 100, min, max }, i) =>
        min === undefined && max === undefined ? [{ weight, amount: result[i]! }] : [],
      );
      for (const a of free) {
        for (const b of free) if (a.weight > b.weight) expect(a.amount).toBeGreaterThanOrEqual(b.amount);
      }
    }),
  );
});
