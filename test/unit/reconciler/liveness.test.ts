import type { Lease } from '../../../lib/api';
import { Cooldown } from '../../../lib/reconciler/cooldown';
import { Liveness } from '../../../lib/reconciler/liveness';
import { ManualClock } from '../kube/manual-clock';

let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock();
});

function lease(resourceVersion: string, renewTime = '2026-01-01T00:00:00.000000Z'): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'host-a', resourceVersion },
    spec: { leaseDurationSeconds: 10, renewTime },
  };
}

describe('Liveness', () => {
  test('a lease ends when it has not changed for its duration, whatever time it names', () => {
    const liveness = new Liveness(clock);
    expect(liveness.remainingMs('a', lease('1', '1970-01-01T00:00:00Z'), 0)).toBe(10_000);
    clock.advance(9_999);
    expect(liveness.remainingMs('a', lease('1', '2999-01-01T00:00:00Z'), 0)).toBe(1);
    clock.advance(1);
    expect(liveness.remainingMs('a', lease('1'), 0)).toBe(0);
    expect(liveness.remainingMs('a', lease('2'), 0)).toBe(10_000);
  });

  test('a host without a lease has the time to write one', () => {
    const liveness = new Liveness(clock);
    expect(liveness.remainingMs('a', undefined, 0)).toBe(10_000);
    clock.advance(10_000);
    expect(liveness.remainingMs('a', undefined, 0)).toBe(0);
    expect(liveness.remainingMs('b', undefined, 0)).toBe(10_000);
  });

  test('nothing follows from silence while nothing could be heard', () => {
    const liveness = new Liveness(clock);
    liveness.remainingMs('a', lease('1'), 0);
    clock.advance(60_000);
    expect(liveness.remainingMs('a', lease('1'), 58_000)).toBe(8_000);
  });

  test('a heartbeat counts from the moment it is heard, without another look', () => {
    const liveness = new Liveness(clock);
    expect(liveness.heard('a', lease('1'))).toBe(false);
    liveness.remainingMs('a', lease('1'), 0);
    clock.advance(6_000);
    expect(liveness.heard('a', lease('2'))).toBe(true);
    clock.advance(6_000);
    expect(liveness.remainingMs('a', lease('2'), 0)).toBe(4_000);
    const shorter = lease('3');
    const spec = { ...shorter.spec, leaseDurationSeconds: 5 };
    expect(liveness.heard('a', { ...shorter, spec })).toBe(false);
  });

  test('of all hosts, tells once each whose lease has ended, and when the next ends', () => {
    const liveness = new Liveness(clock);
    expect(liveness.ended(0)).toEqual({ hosts: [], nextMs: Infinity });
    liveness.remainingMs('a', lease('1'), 0);
    clock.advance(4_000);
    liveness.remainingMs('b', lease('2'), 0);
    expect(liveness.ended(0)).toEqual({ hosts: [], nextMs: 6_000 });
    clock.advance(6_000);
    expect(liveness.ended(0)).toEqual({ hosts: ['a'], nextMs: 4_000 });
    clock.advance(1_000);
    expect(liveness.ended(0)).toEqual({ hosts: [], nextMs: 3_000 });
    liveness.heard('b', lease('3'));
    clock.advance(3_000);
    expect(liveness.ended(0)).toEqual({ hosts: [], nextMs: 7_000 });
  });

  test('tells an ended lease again when it counted anew because nothing could be heard', () => {
    const liveness = new Liveness(clock);
    liveness.remainingMs('a', lease('1'), 0);
    clock.advance(10_000);
    expect(liveness.ended(0).hosts).toEqual(['a']);
    expect(liveness.ended(9_000)).toEqual({ hosts: [], nextMs: 9_000 });
    clock.advance(9_000);
    expect(liveness.ended(9_000).hosts).toEqual(['a']);
  });

  test('a watch that lags behind a direct read does not keep a host alive for ever', () => {
    const liveness = new Liveness(clock);
    for (let i = 0; i < 3; i++) {
      liveness.remainingMs('a', lease('1'), 0);
      liveness.remainingMs('a', lease('5'), 0);
      clock.advance(5_000);
    }
    expect(liveness.remainingMs('a', lease('1'), 0)).toBeLessThanOrEqual(0);
    expect(liveness.remainingMs('a', lease('5'), 0)).toBeLessThanOrEqual(0);
  });
});

test('Cooldown lets each key through once in its time, and forgets what is over', () => {
  const cooldown = new Cooldown(100, clock);
  expect(cooldown.enter('a')).toBe(0);
  clock.advance(40);
  expect(cooldown.enter('a')).toBe(60);
  expect(cooldown.enter('b')).toBe(0);
  clock.advance(60);
  expect(cooldown.enter('a')).toBe(0);
  expect(cooldown.enter('b')).toBe(40);
});
