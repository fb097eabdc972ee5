import fc from 'fast-check';
import type { RolloutStrategy } from '../../../lib/api';
import { type Capacity, CrowdedLab } from './crowded-lab';

const rolling = (maxSurge: number | string, maxUnavailable: number | string): RolloutStrategy => ({
  type: 'RollingUpdate',
  rollingUpdate: { maxSurge, maxUnavailable },
});
const canary = (...weights: number[]): RolloutStrategy => ({
  type: 'Canary',
  canary: { steps: weights.map((weight) => ({ weight, pauseSeconds: 5 })) },
});
const blueGreen: RolloutStrategy = { type: 'BlueGreen' };
const recreate: RolloutStrategy = { type: 'Recreate' };

const bounded = (...instances: number[]): Map<string, Capacity> =>
  new Map(instances.map((most, index) => [`h${index}`, { instances: most, memory: Infinity }]));

function begin(capacity: Map<string, Capacity>, wanted: number, strategy?: RolloutStrategy): CrowdedLab {
  const lab = new CrowdedLab(capacity, wanted, { strategy }).established();
  lab.guardCapacity();
  lab.revision = 'v2';
  return lab;
}

/** Checks at each write, after what is checked there already. */
function atEachWrite(lab: CrowdedLab, check: () => void): void {
  const before = lab.onWrite;
  lab.onWrite = () => {
    before();
    check();
  };
}

function expectRolledOut(lab: CrowdedLab): void {
  expect([lab.current, lab.count('v1'), lab.count('v2')]).toEqual(['v2', 0, lab.wanted]);
  expect(lab.condition()).toMatchObject({ reason: 'NewRevisionAvailable' });
}

describe('a rollout on full hosts', () => {
  it('replaces one instance by way of a host that has room', () => {
    const lab = begin(bounded(1, 1), 1);
    atEachWrite(lab, () => {
      expect(lab.available()).toBeGreaterThanOrEqual(1);
    });
    lab.pass();
    expect([...lab.children.keys()]).toEqual(['v1/h0', 'v2/h1']);
    lab.settle();
    expectRolledOut(lab);
  });

  it('goes on with what another host has room for, never with fewer than wanted', () => {
    const lab = begin(bounded(5, 6), 10, rolling(3, 0));
    atEachWrite(lab, () => expect(lab.available()).toBeGreaterThanOrEqual(10));
    lab.settle();
    expectRolledOut(lab);
  });

  it('takes old ones away first where maxUnavailable allows it', () => {
    const lab = begin(bounded(5, 5), 10, rolling('25%', 2));
    atEachWrite(lab, () => expect(lab.available()).toBeGreaterThanOrEqual(8));
    lab.settle();
    expectRolledOut(lab);
  });

  it.each<[string, RolloutStrategy | undefined, string]>([
    ['RollingUpdate', undefined, 'raise spec.strategy.rollingUpdate.maxUnavailable'],
    ['Canary', canary(20), 'choose strategy RollingUpdate with maxUnavailable above 0'],
    ['BlueGreen', blueGreen, 'choose strategy RollingUpdate with maxUnavailable above 0'],
  ])(
    'by %s waits where there is no room at all, says what helps, and goes on once there is',
    (_, strategy, remedy) => {
      const capacity = bounded(5, 5);
      const lab = begin(capacity, 10, strategy);
      lab.pass();
      const shortage = `No room beside the old instances on hosts h0, h1: raise spec.capacity of a WasmCloudHost, add a host, or ${remedy}`;
      const message = `0 of 10 instances of revision v2 are available. ${shortage}`;
      expect(lab.condition()).toMatchObject({
        status: 'True',
        reason: 'InsufficientCapacity',
        message,
      });
      expect(lab.step?.crowded).toBe(true);
      lab.settle();
      expect([lab.available('v1'), lab.count()]).toEqual([10, 10]);
      const given = lab.condition('Stalled');
      expect(given?.message).toContain(shortage);
      expect(given?.reason).toBe(strategy?.type === 'Canary' ? 'CanaryAborted' : 'ProgressDeadlineExceeded');
      if (strategy?.type === 'Canary') lab.revision = 'v3';
      capacity.set('h2', { instances: 10, memory: Infinity });
      lab.settle();
      expect(lab.current).toBe(lab.revision);
      expect(lab.count()).toBe(10);
    },
  );

  it('goes back by itself from what never finds room', () => {
    const lab = begin(bounded(5, 5), 10);
    lab.spec = { autoRollback: true };
    lab.settle();
    expect([lab.revision, lab.available('v1'), lab.count()]).toEqual(['v1', 10, 10]);
  });

  it('of a Daemon puts nothing on other hosts', () => {
    const lab = new CrowdedLab(bounded(1, 4), 1, { strategy: rolling(1, 1) });
    lab.mode = 'Daemon';
    lab.established();
    lab.guardCapacity();
    lab.revision = 'v2';
    atEachWrite(lab, () => {
      expect(lab.usedOn('h1').instances).toBeLessThanOrEqual(2);
    });
    lab.settle();
    expect([...lab.children.keys()].sort()).toEqual(['v2/h0', 'v2/h1']);
  });

  it('counts memory once an object: the new comes where it fits, or where the old is gone', () => {
    const capacity = new Map([
      ['h0', { instances: 100, memory: 100 }],
      ['h1', { instances: 100, memory: 100 }],
      ['h2', { instances: 100, memory: 250 }],
    ]);
    const lab = new CrowdedLab(capacity, 9, {});
    lab.memory.set('v1', 100).set('v2', 120);
    lab.established();
    lab.guardCapacity();
    lab.revision = 'v2';
    lab.settle();
    expectRolledOut(lab);
    expect([...lab.children.keys()]).toEqual(['v2/h2']);
  });

  it('gives the set that serves the room of the one that does not', () => {
    const capacity = bounded(4, 4, 4);
    const lab = begin(capacity, 4, blueGreen);
    lab.spec = { ...lab.spec, paused: true };
    lab.pass();
    lab.spec = { strategy: blueGreen };
    lab.pass();
    expect(lab.count('v2')).toBeGreaterThan(0);
    capacity.delete('h0');
    lab.lost.add('h0');
    for (let round = 0; round < 10; round++) {
      lab.pass();
      lab.hosts();
    }
    expect(lab.available()).toBe(4);
  });
});

const strategies = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 }))
    .map(([surge, away]) => rolling(surge, away)),
  fc.subarray([5, 20, 50, 80, 100], { minLength: 1 }).map((weights) => canary(...weights)),
  fc.constantFrom(blueGreen, recreate),
);
const hosts = fc.array(
  fc.record({
    instances: fc.integer({ min: 0, max: 8 }),
    memory: fc.constantFrom(0, 100, 150, 250, Infinity),
  }),
  { minLength: 1, maxLength: 5 },
);
const event = fc.record({
  reports: fc.integer({ min: 0, max: 255 }),
  seconds: fc.integer({ min: 0, max: 40 }),
  writes: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 5 })),
  /** Whether a host gets another capacity. */
  capacity: fc.option(fc.tuple(fc.nat(4), fc.integer({ min: 0, max: 8 })), {
    freq: 8,
  }),
  wanted: fc.option(fc.integer({ min: 0, max: 30 }), { freq: 10 }),
  revision: fc.option(fc.constantFrom('v1', 'v2', 'v3'), { freq: 10 }),
  paused: fc.option(fc.boolean(), { freq: 10 }),
});

const toMap = (capacities: readonly Capacity[]): Map<string, Capacity> =>
  new Map(capacities.map((capacity, index) => [`h${index}`, { ...capacity }]));

it('never puts more on a host than it has room for, by any step of any strategy, and always settles', () => {
  fc.assert(
    fc.property(
      hosts,
      fc.integer({ min: 0, max: 24 }),
      strategies,
      fc.tuple(fc.constantFrom(0, 50, 100), fc.constantFrom(0, 100, 140)),
      fc.array(event, { maxLength: 20 }),
      (given, wanted, strategy, [before, after], events) => {
        const capacity = toMap(given);
        const lab = new CrowdedLab(capacity, wanted, { strategy });
        lab.memory.set('v1', before).set('v2', after);
        lab.guardCapacity();
        lab.settle();
        lab.revision = 'v2';
        for (const each of events) {
          const host = `h${each.capacity?.[0]}`;
          if (each.capacity !== null && capacity.has(host))
            capacity.set(host, {
              ...capacity.get(host)!,
              instances: each.capacity[1],
            });
          if (each.wanted !== null) lab.wanted = each.wanted;
          if (each.revision !== null) lab.revision = each.revision;
          if (each.paused !== null) lab.spec = { ...lab.spec, paused: each.paused };
          lab.pass(each.writes);
          lab.hosts((id) => ((each.reports >> ((id.charCodeAt(1) + id.charCodeAt(4)) % 8)) & 1) === 1);
          lab.wait(each.seconds);
        }
        lab.spec = { ...lab.spec, paused: false };
        lab.settle();
        // Done, or people are told why not.
        const stalled = lab.condition('Stalled');
        if (stalled === undefined)
          expect([lab.current, lab.available(lab.revision)]).toEqual([lab.revision, lab.total]);
        else expect(stalled.message).toContain('No room');
      },
    ),
    { numRuns: 100 },
  );
});

it('ends wherever one more has room, or one may be away; BlueGreen where all have', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 5 }),
      strategies,
      fc.nat(100),
      fc.array(event, { maxLength: 12 }),
      (given, strategy, share, events) => {
        const room = given.reduce((sum, instances) => sum + instances, 0);
        const { maxUnavailable = 0 } = strategy.rollingUpdate ?? {};
        const away =
          strategy.type === 'Recreate' ||
          Number(maxUnavailable) > 0 ||
          strategy.rollingUpdate?.maxSurge === 0;
        const most = strategy.type === 'BlueGreen' ? Math.floor(room / 2) : room - Number(!away);
        const lab = begin(bounded(...given), Math.floor((Math.max(0, most) * share) / 100), strategy);
        for (const each of events) {
          lab.pass(each.writes);
          lab.hosts((id) => ((each.reports >> ((id.charCodeAt(1) + id.charCodeAt(4)) % 8)) & 1) === 1);
          lab.wait(each.seconds % 5);
        }
        lab.settle();
        expectRolledOut(lab);
      },
    ),
    { numRuns: 100 },
  );
});
