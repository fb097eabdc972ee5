import { Deadlines, type Running } from '../../../../lib/host/worker/deadlines';
import { WorkerState } from '../../../../lib/host/worker/worker-state';

beforeEach(() => jest.useFakeTimers({ now: 1_000 }));
afterEach(() => jest.useRealTimers());

function setUp(): {
  begin: (name: string) => Running;
  expired: string[];
  deadlines: Deadlines;
  state: WorkerState;
} {
  const state = new WorkerState();
  const deadlines = new Deadlines(100, state);
  const expired: string[] = [];
  return { begin: (name) => deadlines.start(() => expired.push(name)), expired, deadlines, state };
}

test('calls expire each at its own time, whatever others ended meanwhile', () => {
  const { begin, expired, deadlines } = setUp();
  begin('first');
  jest.advanceTimersByTime(10);
  const second = begin('second');
  const third = begin('third');
  jest.advanceTimersByTime(10);
  begin('fourth');
  deadlines.end(second);
  jest.advanceTimersByTime(85);
  expect(expired).toEqual(['first']);
  deadlines.end(third);
  jest.advanceTimersByTime(50);
  expect(expired).toEqual(['first', 'fourth']);
});

test('the start of the oldest call is shared, and none when there is none', () => {
  const { begin, deadlines, state } = setUp();
  const first = begin('first');
  jest.advanceTimersByTime(10);
  const second = begin('second');
  const [since, later] = [first.since, second.since];
  expect(state.oldestCall).toBe(since);
  deadlines.end(first);
  expect(state.oldestCall).toBe(later);
  deadlines.end(first);
  deadlines.end(second);
  expect(state.oldestCall).toBe(0);
});

test('an idle spell does not end the next call early', () => {
  const { begin, expired, deadlines } = setUp();
  deadlines.end(begin('before'));
  jest.advanceTimersByTime(60);
  begin('after');
  jest.advanceTimersByTime(60);
  expect(expired).toEqual([]);
  jest.advanceTimersByTime(50);
  expect(expired).toEqual(['after']);
});
