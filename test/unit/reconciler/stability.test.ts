import { Stability } from '../../../lib/reconciler/stability';
import { ManualClock } from '../kube/manual-clock';

const minutes = (count: number): number => count * 60_000;
let clock: ManualClock;
let stability: Stability;

beforeEach(() => {
  clock = new ManualClock();
  stability = new Stability(clock);
});

test('one loss is forgiven', () => {
  stability.lost('a');
  expect(stability.remainingMs('a')).toBe(0);
});

test('the second loss costs a minute, each further one twice as much, up to eight', () => {
  stability.lost('a');
  for (const cost of [1, 2, 4, 8, 8]) {
    stability.lost('a');
    expect(stability.remainingMs('a')).toBe(minutes(cost));
  }
  clock.advance(minutes(8));
  expect(stability.remainingMs('a')).toBe(0);
  expect(stability.remainingMs('b')).toBe(0);
});

test('losses are forgotten after ten minutes without another, or with the host', () => {
  stability.lost('a');
  clock.advance(minutes(10));
  stability.lost('a');
  expect(stability.count('a')).toBe(1);
  stability.lost('a');
  stability.forget('a');
  expect(stability.remainingMs('a')).toBe(0);
});

test('a new leader goes on with what the one before found out', () => {
  stability.distrust('a');
  expect(stability.remainingMs('a')).toBe(minutes(1));
  clock.advance(minutes(1));
  stability.distrust('a');
  expect(stability.remainingMs('a')).toBe(0);
});
