import fc from 'fast-check';
import { Backoff } from '../../../lib/base/backoff';

test('delays double up to the maximum and start again after a reset', () => {
  const backoff = new Backoff({ minMs: 100, maxMs: 1000, random: () => 1 });
  expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  expect(backoff.next()).toBe(100);
});

test('every delay lies in the upper half of its bound, however many failures came before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, jitter) => {
        const backoff = new Backoff({ minMs: 50, maxMs: 30_000, random: () => jitter });
        for (let i = 0; i < failures; i++) backoff.next();
        const bound = Math.min(30_000, 50 * 2 ** Math.min(failures, 30));
        const delay = backoff.next();
        expect(delay).toBeGreaterThanOrEqual(bound / 2);
        expect(delay).toBeLessThanOrEqual(bound);
      },
    ),
    { numRuns: 50 },
  );
});
