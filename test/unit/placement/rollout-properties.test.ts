import fc from 'fast-check';
import type { RolloutStrategy } from '../../../lib/api';
import { boundsOf } from '../../../lib/placement/rollout-bounds';
import { RolloutLab } from './rollout-lab';

const instances = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 });
const share = fc.oneof(
  fc.integer({ min: 0, max: 8 }),
  fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
);
const rolling = fc
  .record({ maxSurge: share, maxUnavailable: share })
  .map((rollingUpdate): RolloutStrategy => ({ type: 'RollingUpdate', rollingUpdate }));
const canary = fc
  .array(
    fc.record({ weight: fc.integer({ min: 1, max: 100 }), pauseSeconds: fc.integer({ min: 0, max: 90 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((steps): RolloutStrategy => ({
    type: 'Canary',
    canary: { steps: steps.sort((a, b) => a.weight - b.weight), autoPromote: true },
  }));
const blueGreen = fc.constant<RolloutStrategy>({ type: 'BlueGreen' });
const recreate = fc.constant<RolloutStrategy>({ type: 'Recreate' });

/** What happens between two passes: the hosts that report, the seconds that go by, after how many writes a pass was cut off. */
const event = fc.record({
  reports: fc.integer({ min: 0, max: 255 }),
  seconds: fc.integer({ min: 0, max: 40 }),
  writes: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 5 })),
  /** Whether somebody deletes an object by hand. */
  deleted: fc.option(fc.nat(20), { freq: 12 }),
  /** Whether the template is changed once more. */
  revision: fc.option(fc.constantFrom('v1', 'v2', 'v3'), { freq: 10 }),
  paused: fc.option(fc.boolean(), { freq: 10 }),
});

const establish = (sizes: number[], strategy: RolloutStrategy, exclusive = false): RolloutLab => {
  const hosts = Object.fromEntries(
    sizes.map((size, index) => [`h${index}`, exclusive ? Math.min(size, 1) : size]),
  );
  return new RolloutLab(
    hosts,
    { strategy, minReadySeconds: 5, progressDeadlineSeconds: 600 },
    exclusive,
  ).established();
};

const setEverything = (lab: RolloutLab): void => {
  lab.spec = { ...lab.spec, paused: false };
  lab.settle();
};

function expectDone(lab: RolloutLab): void {
  expect(lab.current).toBe(lab.revision);
  for (const [host, size] of lab.desired) {
    expect(lab.children.get(`${lab.revision}/${host}`)?.instances ?? 0).toBe(size);
  }
  expect(lab.count()).toBe(lab.total);
  expect(lab.available()).toBe(lab.total);
}

const live = (
  lab: RolloutLab,
  { reports, seconds, writes }: { reports: number; seconds: number; writes: number },
): void => {
  lab.pass(writes);
  lab.hosts(
    (id) => ((reports >> ((id.length + id.charCodeAt(id.length - 1) + id.charCodeAt(1)) % 8)) & 1) === 1,
  );
  lab.wait(seconds);
};

it('keeps its bounds at every single write, wherever a pass is cut off, and ends', () => {
  fc.assert(
    fc.property(instances, rolling, fc.array(event, { maxLength: 25 }), (sizes, strategy, events) => {
      const lab = establish(sizes, strategy);
      const { surge, unavailable } = boundsOf(strategy, lab.total);
      lab.onWrite = () => {
        expect(lab.count()).toBeLessThanOrEqual(lab.total + surge);
        expect(lab.available()).toBeGreaterThanOrEqual(lab.total - unavailable);
      };
      lab.revision = 'v2';
      for (const each of events) {
        if (each.revision !== null) lab.revision = each.revision;
        if (each.paused !== null) lab.spec = { ...lab.spec, paused: each.paused };
        live(lab, each);
      }
      setEverything(lab);
      expectDone(lab);
    }),
    { numRuns: 150 },
  );
});

it.each([
  ['Canary', canary],
  ['BlueGreen', blueGreen],
])('%s never has fewer available than wanted, and ends', (_, strategies) => {
  fc.assert(
    fc.property(instances, strategies, fc.array(event, { maxLength: 25 }), (sizes, strategy, events) => {
      const lab = establish(sizes, strategy);
      lab.onWrite = () => {
        expect(lab.available()).toBeGreaterThanOrEqual(lab.total);
        expect(lab.count()).toBeLessThanOrEqual(2 * lab.total + Math.ceil(lab.total / 4));
      };
      lab.revision = 'v2';
      for (const each of events) {
        if (each.paused !== null) lab.spec = { ...lab.spec, paused: each.paused };
        live(lab, each);
      }
      setEverything(lab);
      expectDone(lab);
    }),
    { numRuns: 100 },
  );
});

it('comes to what is wanted by every strategy, whatever is deleted, changed or moved meanwhile', () => {
  const strategies = fc.oneof(rolling, canary, blueGreen, recreate);
  const all = fc.tuple(instances, instances, strategies, strategies, fc.boolean());
  fc.assert(
    fc.property(
      all,
      fc.array(event, { maxLength: 25 }),
      ([sizes, then, strategy, next, exclusive], events) => {
        const lab = establish(sizes, strategy, exclusive);
        lab.revision = 'v2';
        events.forEach((each, index) => {
          if (index === 10)
            lab.desired = new Map(then.map((size, at) => [`h${at}`, exclusive ? Math.min(size, 1) : size]));
          if (index === 15) lab.spec = { ...lab.spec, strategy: next };
          if (each.revision !== null) lab.revision = each.revision;
          if (each.paused !== null) lab.spec = { ...lab.spec, paused: each.paused };
          const victim = [...lab.children.keys()][each.deleted ?? Infinity];
          if (victim !== undefined) lab.children.delete(victim);
          live(lab, each);
          const hosts = [...lab.children.keys()].map((id) => id.split('/')[1]);
          if (exclusive && each.writes === Infinity) expect(new Set(hosts).size).toBe(hosts.length);
        });
        setEverything(lab);
        expectDone(lab);
        // And stays so.
        const before = JSON.stringify([...lab.children]);
        for (let round = 0; round < 3; round++) lab.pass();
        expect(JSON.stringify([...lab.children])).toBe(before);
      },
    ),
    { numRuns: 150 },
  );
});

it('is not impressed by a canary that comes to nothing: the old serve all the time', () => {
  fc.assert(
    fc.property(
      instances,
      canary,
      fc.boolean(),
      fc.array(event, { maxLength: 25 }),
      (sizes, strategy, auto, events) => {
        const lab = establish(sizes, strategy);
        lab.spec = { ...lab.spec, autoRollback: auto, progressDeadlineSeconds: 60 };
        lab.broken.add('v2');
        lab.onWrite = () => expect(lab.available('v1')).toBeGreaterThanOrEqual(lab.total);
        lab.revision = 'v2';
        for (const each of events) live(lab, each);
        lab.settle();
        if (lab.total === 0) return;
        expect([lab.count('v1'), lab.count('v2')]).toEqual([lab.total, 0]);
        expect(lab.revision).toBe(auto ? 'v1' : 'v2');
      },
    ),
    { numRuns: 100 },
  );
});
