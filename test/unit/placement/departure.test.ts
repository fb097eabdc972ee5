import type { Taint, WasmCloudHost } from '../../../lib/api';
import { departure, eligible, isDraining, noLoad } from '../../../lib/placement';

function host(
  spec: Partial<WasmCloudHost['spec']>,
  ...conditions: [type: string, status: string][]
): WasmCloudHost {
  const condition = ([type, status]: [string, string]) =>
    ({ type, status, reason: 'R', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }) as never;
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudHost',
    metadata: { name: 'a' },
    spec: { lattices: ['*'], ...spec },
    status: { conditions: conditions.map(condition) },
  };
}

const taint = (effect: Taint['effect']): Taint => ({ key: 'disk', value: 'full', effect });
const everything = [{ operator: 'Exists' as const }];

test('what runs may stay where nothing speaks against it, nor only against new ones', () => {
  expect(departure(host({}), undefined)).toBeUndefined();
  expect(departure(host({ unschedulable: true, taints: [taint('NoSchedule')] }), undefined)).toBeUndefined();
});

test('a NoExecute taint drives out what does not tolerate it', () => {
  const tainted = host({ taints: [taint('NoExecute')] });
  expect(departure(tainted, undefined)).toEqual({
    reason: 'HostTainted',
    fact: 'Host a has the taint disk=full:NoExecute',
  });
  expect(departure(tainted, everything)).toBeUndefined();
});

test.each([
  ['asked for in the spec', host({ drain: { requested: true } })],
  ['told by a host that was asked to stop', host({}, ['Draining', 'True'])],
])('a drain %s drives everything out', (_, draining) => {
  expect(isDraining(draining)).toBe(true);
  expect(departure(draining, everything)?.reason).toBe('HostDraining');
});

test.each([
  ['being drained', host({ drain: { requested: true } }, ['Ready', 'True'])],
  ['lost too often of late', host({}, ['Ready', 'True'], ['Stable', 'False'])],
])('a host that is %s gets nothing new', (reason, unfit) => {
  expect(eligible(unfit, { lattice: 'web', load: noLoad }, noLoad)).toEqual({ ok: false, reason });
});
