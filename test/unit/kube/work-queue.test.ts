import fc from 'fast-check';
import { WorkQueue } from '../../../lib/kube';
import { ManualClock } from './manual-clock';

let clock: ManualClock;
let queue: WorkQueue;
beforeEach(() => {
  clock = new ManualClock();
  queue = new WorkQueue({ clock });
});

const take = async (): Promise<string | undefined> => (await queue.next())?.key;

test('hands keys out in order, each once however often it was added', async () => {
  for (const key of ['a', 'b', 'a', 'b', 'c']) queue.add(key);
  expect(queue.depth).toBe(3);
  expect([await take(), await take(), await take()]).toEqual(['a', 'b', 'c']);
  expect(queue.depth).toBe(0);
});

test('never hands a key to two workers; added meanwhile, it comes again after done', async () => {
  queue.add('a');
  expect(await take()).toBe('a');
  queue.add('a');
  queue.add('a');
  expect(queue.depth).toBe(0);
  const second = take();
  queue.done('a');
  expect(await second).toBe('a');
  queue.done('a');
  expect(queue.depth).toBe(0);
});

test('wakes a waiting worker', async () => {
  const waiting = take();
  queue.add('a');
  expect(await waiting).toBe('a');
});

test('says how long a key waited', async () => {
  queue.add('a');
  clock.advance(500);
  expect(await queue.next()).toEqual({ key: 'a', waitedMs: 500 });
});

test('of several delays the shortest counts', async () => {
  queue.addAfter('a', 1000);
  queue.addAfter('a', 100);
  queue.addAfter('a', 500);
  clock.advance(99);
  expect(queue.depth).toBe(0);
  clock.advance(1);
  expect(await take()).toBe('a');
  queue.done('a');
  clock.advance(10_000);
  expect(queue.depth).toBe(0);
});

test('retries back off from 200 ms to 5 minutes, each key for itself', () => {
  const delays = Array.from({ length: 13 }, () => {
    const delay = queue.retry('a');
    clock.advance(delay);
    return delay;
  });
  expect(delays).toEqual([
    200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 102400, 204800, 300000, 300000,
  ]);
  expect(queue.retry('b')).toBe(200);
  queue.settle('a');
  expect(queue.retry('a')).toBe(200);
});

test('a pass withdraws what passes before it asked for', async () => {
  queue.settle('a', 100);
  queue.settle('a');
  queue.settle('b', 100);
  queue.settle('b', 500);
  queue.retry('c');
  queue.settle('c');
  clock.advance(499);
  expect(queue.depth).toBe(0);
  clock.advance(1);
  expect(await take()).toBe('b');
  clock.advance(300_000);
  expect(queue.depth).toBe(0);
});

test('a pass does not withdraw what a change asked for, whoever was to come sooner', async () => {
  queue.addAfter('a', 100);
  queue.settle('a', 50);
  queue.settle('a');
  queue.settle('b', 50);
  queue.addAfter('b', 100);
  queue.settle('b');
  clock.advance(100);
  expect([await take(), await take()]).toEqual(['a', 'b']);
});

test('close ends waiting workers and drops what waits', async () => {
  const waiting = take();
  queue.addAfter('b', 10);
  queue.close();
  expect(await waiting).toBeUndefined();
  clock.advance(10);
  queue.add('a');
  expect(queue.depth).toBe(0);
  expect(await take()).toBeUndefined();
});

test('loses no key and runs none twice at a time, in any order of calls', async () => {
  const operation = fc.record({
    do: fc.constantFrom('add', 'take', 'done', 'later', 'settle', 'ask' as const),
    key: fc.constantFrom('a', 'b', 'c', 'd'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
      const manual = new ManualClock();
      const subject = new WorkQueue({ clock: manual });
      const processing = new Set<string>();
      const owed = new Set<string>();
      for (const { do: what, key } of operations) {
        if (what === 'add' || what === 'later') {
          if (what === 'add') subject.add(key);
          else subject.addAfter(key, 5);
          owed.add(key);
        } else if (what === 'done') {
          if (processing.delete(key)) subject.done(key);
        } else if (what === 'settle') subject.settle(key);
        else if (what === 'ask') subject.settle(key, 3);
        else if (subject.depth > 0) {
          const item = await subject.next();
          expect(item).toBeDefined();
          expect(processing.has(item!.key)).toBe(false);
          processing.add(item!.key);
          owed.delete(item!.key);
        }
      }
      // A delay still runs for keys taken meanwhile: those may come once more.
      manual.advance(5);
      for (const key of processing) subject.done(key);
      const rest = new Set<string>();
      while (subject.depth > 0) rest.add((await subject.next())!.key);
      for (const key of owed) expect(rest).toContain(key);
    }),
  );
});

test('passes a hundred thousand keys through', async () => {
  for (let i = 0; i < 100_000; i++) queue.add(`k${i}`);
  let last: string | undefined;
  while (queue.depth > 0) {
    last = await take();
    queue.done(last!);
  }
  expect(last).toBe('k99999');
});
