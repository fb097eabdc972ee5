import { RolloutLab } from './rollout-lab';

const evenly = (hosts: number, instances: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: hosts }, (_, index) => [`host-${index}`, instances]));

describe('RollingUpdate', () => {
  const bounds = (maxSurge: number | string, maxUnavailable: number | string): RolloutLab['spec'] => ({
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
  });

  it('brings up a first revision at once', () => {
    const lab = new RolloutLab(evenly(3, 4));
    lab.pass();
    expect(lab.count('v1')).toBe(12);
    expect(lab.condition()).toMatchObject({ status: 'True', reason: 'RollingOut' });
    expect(lab.current).toBeUndefined();
    lab.hosts();
    lab.pass();
    expect(lab.current).toBe('v1');
    expect(lab.condition()).toMatchObject({ status: 'True', reason: 'NewRevisionAvailable' });
  });

  test.each<[number | string, number | string, number, number]>([
    ['25%', 0, 13, 10],
    ['25%', '25%', 13, 8],
    [0, '25%', 10, 8],
    [0, 1, 10, 9],
    [3, 2, 13, 8],
    ['100%', 0, 20, 10],
    // A share of few instances that comes to nothing on both sides counts as one unavailable.
    [0, '5%', 10, 9],
  ])(
    'keeps maxSurge %s and maxUnavailable %s of 10: at most %i, at least %i',
    (surge, unavailable, most, least) => {
      const lab = new RolloutLab(evenly(5, 2), bounds(surge, unavailable)).established();
      const seen: number[] = [];
      lab.onWrite = () => {
        seen.push(lab.count());
        expect(lab.count()).toBeLessThanOrEqual(most);
        expect(lab.available()).toBeGreaterThanOrEqual(least);
      };
      lab.revision = 'v2';
      lab.settle();
      expect([lab.count('v1'), lab.count('v2'), lab.current]).toEqual([0, 10, 'v2']);
      if (most > 10) expect(Math.max(...seen)).toBe(most);
    },
  );

  it('finishes one host before the next', () => {
    const lab = new RolloutLab(evenly(4, 10), bounds(10, 0)).established();
    lab.revision = 'v2';
    lab.pass();
    expect([...lab.children.keys()].filter((id) => id.startsWith('v2'))).toEqual(['v2/host-0']);
    lab.hosts();
    lab.pass();
    expect(lab.children.has('v1/host-0')).toBe(false);
    expect(lab.children.has('v2/host-1')).toBe(true);
  });

  it('lets the old serve on while the new never gets ready, and says so when the deadline has passed', () => {
    const lab = new RolloutLab(evenly(2, 5), { progressDeadlineSeconds: 60 }).established();
    lab.broken.add('v2');
    lab.revision = 'v2';
    for (let seconds = 0; seconds < 58; seconds += 2) {
      expect(lab.pass().rollbackTo).toBeUndefined();
      expect(lab.condition('Stalled')).toBeUndefined();
      lab.hosts();
      lab.wait(2);
    }
    expect(lab.pass().requeueAfterMs).toBe(2_000);
    lab.wait(2);
    lab.pass();
    expect(lab.available('v1')).toBe(10);
    expect(lab.condition()).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message:
        '0 of 10 instances of revision v2 are available, and none more within the deadline. On host host-0: ImageNotFound: there is none',
    });
    expect(lab.condition('Stalled')).toMatchObject({ status: 'True' });
    // It goes on all the same when the cause is gone.
    lab.broken.clear();
    lab.settle();
    expect(lab.current).toBe('v2');
    expect(lab.condition('Stalled')).toBeUndefined();
  });

  it('goes back by itself when it is told to', () => {
    const lab = new RolloutLab(evenly(2, 5), {
      progressDeadlineSeconds: 60,
      autoRollback: true,
    }).established();
    lab.broken.add('v2');
    lab.revision = 'v2';
    lab.settle();
    expect([lab.revision, lab.count('v1'), lab.count('v2'), lab.available()]).toEqual(['v1', 10, 0, 10]);
    expect(lab.condition()).toMatchObject({ status: 'True', reason: 'NewRevisionAvailable' });
  });

  it('has nothing to go back to from the first revision', () => {
    const lab = new RolloutLab(evenly(1, 1), { progressDeadlineSeconds: 60, autoRollback: true });
    lab.broken.add('v1');
    lab.settle();
    expect(lab.step?.rollbackTo).toBeUndefined();
    expect(lab.condition()).toMatchObject({ reason: 'ProgressDeadlineExceeded' });
  });

  it('does not count the time that it was paused', () => {
    const lab = new RolloutLab(evenly(2, 5), { progressDeadlineSeconds: 60 }).established();
    lab.broken.add('v2');
    lab.revision = 'v2';
    lab.pass();
    lab.spec = { ...lab.spec, paused: true };
    lab.pass();
    expect(lab.condition()).toMatchObject({ status: 'Unknown', reason: 'Paused' });
    lab.wait(3600);
    expect(lab.pass().requeueAfterMs).toBeUndefined();
    lab.spec = { progressDeadlineSeconds: 60 };
    expect(lab.pass().requeueAfterMs).toBe(60_000);
    expect(lab.condition('Stalled')).toBeUndefined();
  });

  it('waits for minReadySeconds before it relies on new instances', () => {
    const lab = new RolloutLab(evenly(1, 2), { minReadySeconds: 30 }).established();
    lab.revision = 'v2';
    lab.pass();
    lab.hosts();
    expect(lab.pass().requeueAfterMs).toBe(30_000);
    expect(lab.count('v1')).toBe(2);
    lab.wait(30);
    lab.pass();
    expect(lab.count('v1')).toBe(1);
  });

  it('takes fails of calls of the new revision for a lack of availability', () => {
    const lab = new RolloutLab(evenly(2, 4), { autoRollback: true }).established();
    lab.unhealthy.add('v2');
    lab.revision = 'v2';
    lab.pass();
    lab.hosts();
    lab.pass();
    expect(lab.available('v1')).toBe(8);
    lab.settle();
    expect(lab.revision).toBe('v1');
  });

  it('moves instances to other hosts within the same bounds', () => {
    const lab = new RolloutLab({ a: 4, b: 4 }).established();
    lab.desired = new Map([
      ['b', 4],
      ['c', 4],
    ]);
    lab.onWrite = () => {
      expect(lab.available()).toBeGreaterThanOrEqual(8);
      expect(lab.count()).toBeLessThanOrEqual(10);
    };
    lab.settle();
    expect([...lab.children.keys()].sort()).toEqual(['v1/b', 'v1/c']);
  });

  it('replaces what was on a lost host without waiting for anything', () => {
    const lab = new RolloutLab({ a: 4, b: 4 }).established();
    lab.lost.add('a');
    lab.desired = new Map([['b', 8]]);
    lab.pass();
    expect(lab.count()).toBe(8);
    expect([...lab.children.keys()]).toEqual(['v1/b']);
  });

  it('drops a revision that was overtaken before it was rolled out', () => {
    const lab = new RolloutLab(evenly(2, 4)).established();
    lab.broken.add('v2');
    lab.revision = 'v2';
    lab.pass();
    lab.revision = 'v3';
    lab.pass();
    expect([lab.count('v1'), lab.count('v2'), lab.count('v3')]).toEqual([8, 0, 2]);
    lab.settle();
    expect(lab.current).toBe('v3');
  });
});

describe('Recreate', () => {
  it('starts nothing new before everything old is gone', () => {
    const lab = new RolloutLab(evenly(2, 3), { strategy: { type: 'Recreate' } }).established();
    lab.revision = 'v2';
    lab.pass();
    expect(lab.count()).toBe(0);
    lab.pass();
    expect(lab.count('v2')).toBe(6);
    lab.settle();
    expect(lab.current).toBe('v2');
  });
});

describe('Canary', () => {
  const canary = (autoPromote = true, autoRollback = false): RolloutLab['spec'] => ({
    strategy: {
      type: 'Canary',
      canary: { steps: [{ weight: 10, pauseSeconds: 60 }, { weight: 50 }], autoPromote },
    },
    autoRollback,
    progressDeadlineSeconds: 100,
  });

  it('goes up its steps with the pauses that it was told, then all the way', () => {
    const lab = new RolloutLab(evenly(2, 10), canary()).established();
    lab.revision = 'v2';
    lab.onWrite = () => expect(lab.available()).toBeGreaterThanOrEqual(20);
    for (let round = 0; round < 5; round++) {
      lab.pass();
      lab.hosts();
    }
    expect([lab.count('v1'), lab.count('v2')]).toEqual([18, 2]);
    expect(lab.condition()).toMatchObject({
      status: 'True',
      reason: 'CanaryWaits',
      message:
        'Watches step 1 of 2 (10%) until 2026-01-01T00:01:00.000Z. 2 of 20 instances of revision v2 are available',
    });
    // Both hosts have their part.
    expect([lab.children.get('v2/host-0')?.instances, lab.children.get('v2/host-1')?.instances]).toEqual([
      1, 1,
    ]);
    lab.wait(59);
    expect(lab.pass().requeueAfterMs).toBe(1_000);
    lab.wait(1);
    lab.settle();
    expect([lab.current, lab.count('v1'), lab.count('v2')]).toEqual(['v2', 0, 20]);
  });

  it('waits at the last step for a person where it was told to', () => {
    const lab = new RolloutLab(evenly(2, 10), canary(false)).established();
    lab.revision = 'v2';
    lab.settle();
    expect([lab.count('v1'), lab.count('v2')]).toEqual([10, 10]);
    expect(lab.condition()?.message).toMatch(
      /^Waits at step 2 of 2 \(50%\): set spec.strategy.canary.autoPromote/,
    );
    lab.wait(3600);
    lab.spec = canary(true);
    lab.settle();
    expect(lab.count('v2')).toBe(20);
  });

  it('is given up when its calls fail, and the old takes everything back', () => {
    const lab = new RolloutLab(evenly(2, 10), canary()).established();
    lab.revision = 'v2';
    lab.pass();
    lab.hosts();
    lab.pass();
    lab.unhealthy.add('v2');
    lab.settle();
    expect([lab.count('v1'), lab.count('v2'), lab.revision]).toEqual([20, 0, 'v2']);
    expect(lab.condition()).toMatchObject({ status: 'False', reason: 'CanaryAborted' });
    // For good: not to be tried again and again.
    lab.unhealthy.clear();
    lab.wait(3600);
    lab.settle();
    expect(lab.count('v2')).toBe(0);
    lab.revision = 'v3';
    lab.settle();
    expect(lab.current).toBe('v3');
  });

  it('is given up when it was ready and no longer is', () => {
    const lab = new RolloutLab(evenly(2, 10), canary(true, true)).established();
    lab.revision = 'v2';
    lab.pass();
    lab.hosts();
    lab.pass();
    lab.broken.add('v2');
    for (const [id, child] of lab.children) if (id.startsWith('v2')) child.ready = 0;
    lab.settle();
    expect([lab.revision, lab.count('v1'), lab.count('v2')]).toEqual(['v1', 20, 0]);
    expect(lab.condition()).toMatchObject({ reason: 'NewRevisionAvailable' });
  });

  it('is given up when it never gets ready', () => {
    const lab = new RolloutLab(evenly(2, 10), canary()).established();
    lab.broken.add('v2');
    lab.revision = 'v2';
    lab.settle();
    expect(lab.available('v1')).toBe(20);
    expect(lab.condition()?.message).toContain('On host host-0: ImageNotFound');
  });

  it('doubles a single instance', () => {
    const lab = new RolloutLab({ a: 1 }, canary()).established();
    lab.revision = 'v2';
    lab.pass();
    lab.hosts();
    lab.pass();
    expect([lab.count('v1'), lab.count('v2')]).toEqual([1, 1]);
    lab.settle();
    expect([lab.count('v1'), lab.count('v2')]).toEqual([0, 1]);
  });

  it('scales both revisions while it is paused', () => {
    const lab = new RolloutLab(evenly(2, 10), canary(false)).established();
    lab.revision = 'v2';
    lab.settle();
    lab.spec = { ...lab.spec, paused: true };
    lab.settle();
    expect([lab.count('v1'), lab.count('v2')]).toEqual([10, 10]);
    lab.desired = new Map([
      ['host-0', 12],
      ['host-1', 12],
    ]);
    lab.settle();
    expect(lab.count()).toBe(24);
  });
});

describe('BlueGreen', () => {
  const spec: RolloutLab['spec'] = { strategy: { type: 'BlueGreen' }, progressDeadlineSeconds: 60 };
  const servingOf = (lab: RolloutLab, revision: string): boolean[] =>
    [...lab.children].filter(([id]) => id.startsWith(revision)).map(([, { serving }]) => serving);

  it('lets the new set take calls only when all of it is ready, and the old go only then', () => {
    const lab = new RolloutLab(evenly(3, 2), spec).established();
    lab.revision = 'v2';
    lab.pass();
    expect([lab.count('v1'), lab.count('v2')]).toEqual([6, 6]);
    expect(servingOf(lab, 'v2')).toEqual([false, false, false]);
    lab.hosts((id) => id !== 'v2/host-2');
    lab.pass();
    expect(servingOf(lab, 'v2')).toEqual([false, false, false]);
    lab.hosts();
    lab.pass();
    expect(servingOf(lab, 'v2')).toEqual([true, true, true]);
    expect(lab.available('v1')).toBe(6);
    // Not before each host has said that calls reach it.
    lab.hosts((id) => id !== 'v2/host-2');
    lab.pass();
    expect(lab.available('v1')).toBe(6);
    lab.hosts();
    lab.pass();
    expect([lab.count('v1'), lab.available('v2')]).toEqual([0, 6]);
  });

  it('shows the new set and holds the switch while it is paused', () => {
    const lab = new RolloutLab(evenly(3, 2), spec).established();
    lab.revision = 'v2';
    lab.pass();
    lab.spec = { ...spec, paused: true };
    lab.settle();
    expect([lab.available('v1'), lab.available('v2'), lab.count('v2')]).toEqual([6, 0, 6]);
    lab.spec = spec;
    lab.settle();
    expect([lab.count('v1'), lab.available('v2')]).toEqual([0, 6]);
  });

  it('goes back from a set that never gets ready', () => {
    const lab = new RolloutLab(evenly(3, 2), { ...spec, autoRollback: true }).established();
    lab.broken.add('v2');
    lab.revision = 'v2';
    lab.onWrite = () => expect(lab.available()).toBe(6);
    lab.settle();
    expect([lab.revision, lab.count('v1'), lab.count('v2')]).toEqual(['v1', 6, 0]);
  });
});

describe('providers', () => {
  it('are replaced host by host, one at a time where none may be away', () => {
    const lab = new RolloutLab(evenly(3, 1), {}, true).established();
    lab.revision = 'v2';
    const hosts = (): string[] => [...lab.children.keys()].sort();
    lab.pass();
    expect(hosts()).toEqual(['v1/host-1', 'v1/host-2', 'v2/host-0']);
    lab.pass();
    expect(hosts()).toEqual(['v1/host-1', 'v1/host-2', 'v2/host-0']);
    lab.hosts();
    lab.pass();
    expect(hosts()).toEqual(['v1/host-2', 'v2/host-0', 'v2/host-1']);
    lab.settle();
    expect(lab.current).toBe('v2');
  });

  it('are replaced all at once by BlueGreen', () => {
    const lab = new RolloutLab(evenly(3, 1), { strategy: { type: 'BlueGreen' } }, true).established();
    lab.revision = 'v2';
    lab.pass();
    expect(lab.count('v2')).toBe(3);
  });
});
