import type { Condition, WasmCloudHost } from '../../../lib/api';
import { type Load, type Requirements, type Tenancy, distributionHost, noLoad } from '../../../lib/placement';

function host(spec: Partial<WasmCloudHost['spec']> = {}, ready: Condition['status'] = 'True'): WasmCloudHost {
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudHost',
    metadata: { name: 'h' },
    spec: { lattices: ['prod'], ...spec },
    status: {
      conditions: [
        {
          type: 'Ready',
          status: ready,
          reason: 'Test',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  };
}

const actor: Requirements = { lattice: 'prod', load: { ...noLoad, instances: 1 } };
const idle: Tenancy = { lost: false, others: noLoad, current: 0 };
const taint = (effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'): Partial<WasmCloudHost['spec']> => ({
  taints: [{ key: 'gpu', effect }],
});

test.each<[string, WasmCloudHost, Partial<Tenancy>, string, string | undefined]>([
  ['a ready host', host(), {}, 'open', undefined],
  ['one of another lattice', host({ lattices: ['dev'] }), {}, 'unfit', 'not serving lattice prod'],
  ['a cordoned one', host({ unschedulable: true }), {}, 'closed', 'cordoned'],
  ['one that is not ready', host({}, 'False'), {}, 'closed', 'not ready'],
  ['a lost one', host({}, 'Unknown'), { lost: true }, 'unfit', 'lost'],
  ['NoSchedule', host(taint('NoSchedule')), {}, 'closed', 'with untolerated taint gpu:NoSchedule'],
  ['NoExecute', host(taint('NoExecute')), {}, 'unfit', 'with untolerated taint gpu:NoExecute'],
  ['PreferNoSchedule', host(taint('PreferNoSchedule')), {}, 'avoided', undefined],
])('%s', (_, given, tenancy, state, reason) => {
  const seen = distributionHost(given, actor, { ...idle, ...tenancy });
  expect([seen.state, seen.reason]).toEqual([state, reason]);
});

test('a toleration makes up for any taint', () => {
  for (const effect of ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const) {
    const tolerant = { ...actor, tolerations: [{ key: 'gpu', operator: 'Exists' as const }] };
    expect(distributionHost(host(taint(effect)), tolerant, idle).state).toBe('open');
  }
});

test.each<[string, WasmCloudHost['spec']['capacity'], Partial<Load>, Partial<Load>, number]>([
  ['unbounded', undefined, { instances: 1 }, { instances: 50 }, Infinity],
  ['instances', { instances: 10 }, { instances: 1 }, { instances: 4 }, 6],
  ['more than fits', { instances: 3 }, { instances: 1 }, { instances: 4 }, 0],
  [
    'memory for one more actor',
    { memory: '2Ki' },
    { instances: 1, memory: 1024 },
    { memory: 1024 },
    Infinity,
  ],
  ['no memory for one', { memory: '2Ki' }, { instances: 1, memory: 1024 }, { memory: 1025 }, 0],
  ['a provider runs once', undefined, { providers: 1 }, {}, 1],
  ['no room for a provider', { providers: 2 }, { providers: 1 }, { providers: 2 }, 0],
])('room: %s', (_, capacity, each, others, room) => {
  const requirements = { lattice: 'prod', load: { ...noLoad, ...each } };
  const tenancy = { ...idle, others: { ...noLoad, ...others } };
  expect(distributionHost(host({ capacity }), requirements, tenancy).room).toBe(room);
});
