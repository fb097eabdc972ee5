import { Moves } from '../../../lib/reconciler/distribution/moves';
import { ManualClock } from '../kube/manual-clock';

test('a move is under way until nothing has moved for a while, and half a minute at most', () => {
  const clock = new ManualClock();
  const moves = new Moves(clock);
  expect(moves.underWay).toBe(false);
  for (let i = 0; i < 29; i++) {
    moves.note();
    expect(moves.underWay).toBe(true);
    clock.advance(1_000);
  }
  moves.note();
  clock.advance(1_000);
  expect(moves.underWay).toBe(false);
  clock.advance(1_000);
  moves.note();
  expect(moves.underWay).toBe(true);
  clock.advance(2_000);
  expect(moves.underWay).toBe(false);
});
