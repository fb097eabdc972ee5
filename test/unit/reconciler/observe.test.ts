import type { Condition, WasmCloudActor } from '../../../lib/api';
import { ChildObserver, type Circumstances } from '../../../lib/reconciler/distribution/observe';
import { ManualClock } from '../kube/manual-clock';

const dateMs = Date.parse('2026-01-01T00:01:00Z');
const given: Circumstances = { deleted: false, lost: false, minReadySeconds: 30 };

function child(ready: Partial<Condition>, status: Partial<WasmCloudActor['status']> = {}): WasmCloudActor {
  const condition = {
    type: 'Ready',
    reason: 'Running',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:50Z',
  };
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudActor',
    metadata: { name: 'a', uid: 'u', labels: { 'kasmcloud.io/revision': 'r' } },
    spec: { image: 'x', host: 'h', instances: 4 },
    status: { conditions: [{ ...condition, status: 'True', ...ready }], ...status },
  };
}

let clock: ManualClock;
let observer: ChildObserver;
beforeEach(() => {
  clock = new ManualClock();
  observer = new ChildObserver(clock, () => dateMs);
});

test('counts what is ready, never more than there is', () => {
  expect(observer.observe(child({}, { readyInstances: 3 }), { ...given, minReadySeconds: 0 })).toMatchObject({
    revision: 'r',
    host: 'h',
    instances: 4,
    ready: 3,
    available: 3,
    serving: true,
  });
  expect(observer.observe(child({}, { readyInstances: 9 }), given).ready).toBe(4);
});

test('at first sight believes since when it is ready; available is what has been so for long enough', () => {
  expect(observer.observe(child({}), given)).toMatchObject({ ready: 4, available: 0, availableInMs: 20_000 });
  clock.advance(20_000);
  expect(observer.observe(child({}), given)).toMatchObject({ available: 4 });
});

test('later counts by its own clock, whatever the host says', () => {
  observer.observe(child({ status: 'False' }), given);
  const ahead = child({ lastTransitionTime: '2020-01-01T00:00:00Z' });
  expect(observer.observe(ahead, given)).toMatchObject({ available: 0, availableInMs: 30_000 });
  const future = child({ lastTransitionTime: '2036-01-01T00:00:00Z' });
  clock.advance(30_000);
  expect(observer.observe(future, given)).toMatchObject({ available: 4 });
});

test('on a lost host nothing is ready', () => {
  expect(observer.observe(child({}), { ...given, lost: true })).toMatchObject({
    ready: 0,
    available: 0,
    lost: true,
  });
});

test('tells why it is not ready, and what waits for its turn', () => {
  const failing = child({ status: 'False', reason: 'ImageNotFound', message: 'no such image' });
  expect(observer.observe(failing, given).failure).toBe('ImageNotFound: no such image');
  expect(observer.observe(child({ reason: 'Standby' }), given).serving).toBe(false);
});

test('a failure counts that the host reports of the present spec, not of an edit that was undone since', () => {
  const failed = { status: 'False' as const, reason: 'ImageNotFound', message: 'there is none' };
  const failureAt = (observedGeneration: number): string | undefined => {
    const object = child({ ...failed, observedGeneration });
    return observer.observe({ ...object, metadata: { ...object.metadata, generation: 3 } }, given).failure;
  };
  expect(failureAt(2)).toBeUndefined();
  expect(failureAt(3)).toBe('ImageNotFound: there is none');
});
